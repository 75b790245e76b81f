// Lets a page lie: `lie` is shown each message that it is about to send and says what is sent instead.
{
    const { send } = RTCDataChannel.prototype;
    // Texts come as objects with their `type` among the fields, bytes as a copy of them; each of the answers is sent.
    window.lie ??= (label, message) => [message];
    // The last channel of each name that something was sent on.
    const channels = {};
    RTCDataChannel.prototype.send = function (data) {
        channels[this.label] = this;
        const message = typeof data === 'string' ? typed(JSON.parse(data)) : new Uint8Array(data).slice();
        for (const told of window.lie(this.label, message)) {
            const isBytes = told instanceof Uint8Array || typeof told === 'string';
            send.call(this, isBytes ? told : JSON.stringify(keyed(told)));
        }
    };

    // On the wire a message is its type, or an object with its type as the one key.
    const typed = (message) => {
        if (typeof message === 'string') return { type: message };
        const [[type, fields]] = Object.entries(message);
        return { type, ...fields };
    };
    const keyed = ({ type, ...fields }) => (Object.keys(fields).length === 0 ? type : { [type]: fields });

    const base64url = (bytes) => bytes.toBase64({ alphabet: 'base64url', omitPadding: true });

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
                Object.assign(message.kind.photo, { width, height });
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
            channels.control.send(JSON.stringify(keyed(last)));
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
}
