// Lets a page lie: `lie` is shown each message that it is about to send and says what is sent instead.
{
    const { send } = RTCDataChannel.prototype;
    // Texts come as objects with their `type` among the fields, bytes as a copy of them; each of the answers is sent.
    window.lie ??= (label, message) => [message];
    // The last channel of each name that something was sent on.
    const channels = {};
    RTCDataChannel.prototype.send = function (data) {
        channels[this.label] = this;
        const message = typeof data === 'string' ? read(this.label, data) : new Uint8Array(data).slice();
        for (const told of window.lie(this.label, message)) {
            const isRaw = told instanceof Uint8Array || typeof told === 'string';
            send.call(this, isRaw ? told : write(this.label, told));
        }
    };

    // A lie about the offer alone.
    window.offering = (change) => (label, message) => {
        if (message.type === 'offer') change(message);
        return [message];
    };

    // A lie about the announcements of one part's pieces.
    window.announcing = (part, change) => (label, message) => {
        if (message.type === 'piece' && message.part === part) change(message);
        return [message];
    };

    // A lie about the bytes of one part.
    window.carrying = (part, change) => {
        let current = null;
        return (label, message) => {
            if (message.type === 'piece') current = message.part;
            return message instanceof Uint8Array && current === part ? change(message) : [message];
        };
    };

    // An offer of another size, and nothing after its preview.
    window.previewAlone = (width, height) => {
        let current = null;
        return (label, message) => {
            if (message.type === 'offer') {
                Object.assign(message.kind, { width, height });
                message.bytes = width * height * 4;
            }
            if (label === 'control') return [message];
            if (!(message instanceof Uint8Array)) current = message.part;
            return current === 'preview' ? [message] : [];
        };
    };

    // The end of an item in the place of a piece and all that follows it.
    window.ending = (index) => {
        let over = false;
        return (label, message) => {
            if (label === 'control') return [message];
            if (message.type !== 'piece') return over ? [] : [message];
            over ||= message.index === index;
            return over ? [{ type: 'end', item: message.item, root: message.sha256 }] : [message];
        };
    };

    // Keeps the sender waiting: no byte beyond the first window is allowed until `allow` is called.
    window.stalling = () => {
        let last = null;
        window.allow = () => {
            window.lie = (label, message) => [message];
            channels.control.send(write('control', last));
        };
        return (label, message) => {
            if (message.type !== 'credit') return [message];
            last = message;
            return [];
        };
    };

    // Another preview, which is what it is announced to be: length and hash are right.
    window.previewing = async (bytes) => {
        const sha256 = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
        const carry = carrying('preview', () => [bytes]);
        window.lie = (label, message) => {
            if (message.type === 'offer') message.preview = { bytes: bytes.length, sha256 };
            if (message.type === 'piece' && message.part === 'preview') {
                Object.assign(message, { length: bytes.length, sha256 });
            }
            return carry(label, message);
        };
    };

    // The headers of a JPEG: start of image, start of frame with these sides, and no picture.
    window.jpegHeader = (width, height) => Uint8Array.of(
        0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255,
        3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xd9,
    );

    // The wire (crates/protocol, module wire): base64url of postcard. Each form reads from a cursor, and writes to an array of bytes.
    const base64url = (bytes) => bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
    const bytesOf = (text) => Uint8Array.fromBase64(text, { alphabet: 'base64url' });
    const read = (label, text) => wire[label].read({ bytes: bytesOf(text), at: 0 });
    const write = (label, message) => {
        const bytes = [];
        wire[label].write(message, bytes);
        return base64url(Uint8Array.from(bytes));
    };

    const number = {
        read(from) {
            for (let number = 0, scale = 1; ; scale *= 128) {
                const byte = from.bytes[from.at++];
                number += (byte & 127) * scale;
                if (byte < 128) return number;
            }
        },
        write(number, to) {
            for (; number > 127; number = Math.floor(number / 128)) to.push((number % 128) | 128);
            to.push(number);
        },
    };
    const sequence = (decode, encode) => ({
        read(from) {
            const length = number.read(from);
            return decode(from.bytes.slice(from.at, (from.at += length)));
        },
        write(value, to) {
            const bytes = encode(value);
            number.write(bytes.length, to);
            to.push(...bytes);
        },
    });
    const bytes = sequence(base64url, bytesOf);
    const text = sequence((bytes) => new TextDecoder().decode(bytes), (text) => new TextEncoder().encode(text));
    const flag = { read: (from) => number.read(from) === 1, write: (flag, to) => number.write(flag ? 1 : 0, to) };
    const optional = (form) => ({
        read: (from) => (flag.read(from) ? form.read(from) : null),
        write(value, to) {
            flag.write(value !== null, to);
            if (value !== null) form.write(value, to);
        },
    });
    const fields = (forms) => ({
        read: (from) => Object.fromEntries(Object.entries(forms).map(([name, form]) => [name, form.read(from)])),
        write: (value, to) => Object.entries(forms).forEach(([name, form]) => form.write(value[name], to)),
    });
    const word = (...words) => ({
        read: (from) => words[number.read(from)],
        write: (word, to) => number.write(words.indexOf(word), to),
    });
    const oneOf = (variants) => {
        const type = word(...Object.keys(variants));
        const forms = Object.fromEntries(Object.entries(variants).map(([type, forms]) => [type, fields(forms)]));
        return {
            read(from) {
                const is = type.read(from);
                return { type: is, ...forms[is].read(from) };
            },
            write(value, to) {
                type.write(value.type, to);
                forms[value.type].write(value, to);
            },
        };
    };

    const refusals = word(
        'name', 'length', 'too-big', 'preview-size', 'preview-picture', 'duplicate', 'order', 'too-many-bytes',
        'too-few-bytes', 'hash', 'storage', 'declined', 'cancelled',
    );
    const wire = {
        control: oneOf({
            confirm: { proof: bytes, device: bytes, signature: bytes },
            credit: { until: number },
            name: { name: text },
            offer: {
                item: bytes,
                name: text,
                bytes: number,
                kind: oneOf({
                    photo: { width: number, height: number, taken: number },
                    file: {},
                    folder: { files: number, listing: number },
                }),
                preview: optional(fields({ bytes: number, sha256: bytes })),
                resumes: flag,
                on_request: flag,
            },
            accept: { item: bytes, preview: number, exact: number, pieces: number, root: bytes },
            'all-offered': {},
            received: { item: bytes, bytes: number },
            verified: { item: bytes },
            refused: { item: bytes, reason: refusals },
            cancel: { item: bytes },
            ping: {},
            pong: {},
            compare: { commitment: bytes },
            'compare-nonce': { nonce: bytes },
            'compare-reveal': { nonce: bytes },
            move: { link: text },
            'move-read': {},
            call: { turn: number, sends: fields({ sound: flag, camera: flag, screen: flag, records: number }) },
            'hang-up': {},
            decline: {},
            'ask-still': {},
            'answer-still': { comes: flag },
            request: { item: bytes },
            pause: { item: bytes, pauses: flag },
            hold: { item: bytes, holds: flag },
            repeat: { item: bytes, exact: number },
            saved: { item: bytes },
            chat: {
                chat: oneOf({
                    say: { author: bytes, device: bytes, name: text, at: number, text, signature: bytes },
                    heard: { id: bytes },
                    writes: {},
                    log: { digest: bytes },
                    has: { ids: bytes },
                    want: { ids: bytes },
                }),
            },
        }),
        bulk: oneOf({
            piece: {
                item: bytes,
                part: word('preview', 'exact'),
                index: number,
                offset: number,
                length: number,
                sha256: bytes,
            },
            end: { item: bytes, root: bytes },
        }),
    };
}
