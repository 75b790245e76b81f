// Lets a page say things of its own, to one person, beside what the app says. To be injected before lie.js, whose `encode` and
// `decode` it uses.
{
    const { createDataChannel } = RTCPeerConnection.prototype;
    const { send } = RTCDataChannel.prototype;
    // Of each person, by the name that they told: the channels of the last connection.
    const lines = {};
    RTCPeerConnection.prototype.createDataChannel = function (label, options) {
        const channel = createDataChannel.call(this, label, options);
        const line = (this.line ??= { read: () => {} });
        line[label] = channel;
        if (label === 'control') {
            channel.addEventListener('message', ({ data }) => {
                const { type, name } = decode(label, data);
                if (type === 'name') lines[name] = line;
                if (type === 'pong') line.read();
            });
        }
        return channel;
    };

    // Says `message` to `name`. Texts and bytes go as they are.
    window.tell = (name, label, message) => {
        const isRaw = typeof message === 'string' || message instanceof Uint8Array;
        send.call(lines[name][label], isRaw ? message : encode(label, message));
    };

    // Waits until everything that was said to `name` on the control channel was read, 10 s at most.
    window.isRead = (name) => new Promise((read, failed) => {
        lines[name].read = () => read(true);
        setTimeout(() => failed(new Error('nobody reads')), 10_000);
        tell(name, 'control', { type: 'ping' });
    });

    // Says `message(n)`, a channel and what is said on it, `count` times: some at a time, each time once those before were read,
    // since who does not wait is let go. Gives how many went.
    window.flood = async (name, count, message) => {
        for (let n = 0; n < count; ) {
            for (const end = Math.min(n + 250, count); n < end; n += 1) tell(name, ...message(n));
            await isRead(name);
        }
        return count;
    };

    // The same without waiting, until the connection ends.
    window.burst = (name, count, message) => {
        for (let n = 0; n < count; n += 1) {
            try { tell(name, ...message(n)); } catch { return n; }
        }
        return count;
    };

    window.randomText = (bytes) =>
        crypto.getRandomValues(new Uint8Array(bytes)).toBase64({ alphabet: 'base64url', omitPadding: true });
}
