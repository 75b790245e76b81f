// Counts what the page takes from the browser and what it gives back, without asking the page.
window.taken = (() => {
    const count = {
        connections: 0, connectionsClosed: 0, sockets: 0, socketsClosed: 0, listeners: 0, urls: 0, locks: 0,
    };
    const streams = [];
    const { addEventListener, removeEventListener } = EventTarget.prototype;

    const counted = (name, opened, closed, whenMade) => {
        const closedOnes = new WeakSet();
        window[name] = new Proxy(window[name], {
            construct(target, parameters) {
                count[opened] += 1;
                const made = Reflect.construct(target, parameters);
                whenMade?.(made);
                return made;
            },
        });
        const { close } = window[name].prototype;
        window[name].prototype.close = function (...parameters) {
            if (!closedOnes.has(this)) {
                closedOnes.add(this);
                count[closed] += 1;
            }
            return close.apply(this, parameters);
        };
    };

    // Held weakly: a channel that nobody can reach any more was closed by the browser.
    const channels = new Set();
    const watchChannels = (connection) => {
        addEventListener.call(connection, 'datachannel', ({ channel }) => channels.add(new WeakRef(channel)));
    };
    const { createDataChannel } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.createDataChannel = function (...parameters) {
        const channel = createDataChannel.apply(this, parameters);
        channels.add(new WeakRef(channel));
        return channel;
    };
    const openChannels = () => {
        for (const channel of channels) {
            if ((channel.deref()?.readyState ?? 'closed') === 'closed') channels.delete(channel);
        }
        return channels.size;
    };

    counted('RTCPeerConnection', 'connections', 'connectionsClosed', watchChannels);
    counted('WebSocket', 'sockets', 'socketsClosed');

    // Listeners of what is not a part of the document: that goes with its elements.
    const isWatched = (target) => target === null || target === undefined || !(target instanceof Node);
    const listeners = new WeakMap();
    const key = (type, callback, options) => [type, callback, Boolean(options?.capture ?? options)];
    const same = (a) => (b) => a.every((part, index) => part === b[index]);
    EventTarget.prototype.addEventListener = function (type, callback, options) {
        if (isWatched(this) && callback && !options?.once) {
            const mine = listeners.get(this ?? window) ?? [];
            const added = key(type, callback, options);
            if (!mine.some(same(added))) {
                mine.push(added);
                count.listeners += 1;
            }
            listeners.set(this ?? window, mine);
        }
        return addEventListener.call(this, type, callback, options);
    };
    EventTarget.prototype.removeEventListener = function (type, callback, options) {
        const mine = listeners.get(this ?? window) ?? [];
        const place = mine.findIndex(same(key(type, callback, options)));
        if (place >= 0) {
            mine.splice(place, 1);
            count.listeners -= 1;
        }
        return removeEventListener.call(this, type, callback, options);
    };

    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (constraints) {
        const stream = await getUserMedia.call(this, constraints);
        streams.push(stream);
        return stream;
    };

    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob) => { count.urls += 1; return createObjectURL.call(URL, blob); };
    URL.revokeObjectURL = (url) => { count.urls -= 1; revokeObjectURL.call(URL, url); };

    return async () => ({
        connections: count.connections - count.connectionsClosed,
        connectionsMade: count.connections,
        channels: openChannels(),
        sockets: count.sockets - count.socketsClosed,
        socketsMade: count.sockets,
        listeners: count.listeners,
        cameras: streams.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === 'live').length,
        locks: (await navigator.locks.query()).held.length,
        urls: count.urls,
    });
})();
