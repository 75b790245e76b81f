// Keeps all that passes over the page's sockets, and what it must not contain: the descriptions of its connections.
{
    window.traffic = { texts: [], descriptions: [] };
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
        window.traffic.texts.push(text);
        return send.call(this, text);
    };
    window.WebSocket = new Proxy(window.WebSocket, {
        construct(target, parameters) {
            const socket = Reflect.construct(target, parameters);
            socket.addEventListener('message', ({ data }) => window.traffic.texts.push(data));
            return socket;
        },
    });
    for (const set of ['setLocalDescription', 'setRemoteDescription']) {
        const original = RTCPeerConnection.prototype[set];
        RTCPeerConnection.prototype[set] = async function (...parameters) {
            await original.apply(this, parameters);
            for (const side of [this.localDescription, this.remoteDescription]) {
                if (side) window.traffic.descriptions.push(side.sdp);
            }
        };
    }
}
