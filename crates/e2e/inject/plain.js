// The least that a bad network can hurt: one connection with one data channel, and no rule of its own. Whoever drives
// two such pages carries the descriptions between them.
window.plain = (() => {
    let connection, channel, awaited, began;
    const plain = { took: null, state: () => connection.connectionState, open: () => channel.readyState === 'open' };

    const begin = () => {
        connection?.close();
        connection = new RTCPeerConnection();
        channel = connection.createDataChannel('plain', { negotiated: true, id: 0 });
        channel.binaryType = 'arraybuffer';
        channel.onmessage = ({ data }) => {
            if (data === 'there') {
                plain.took = performance.now() - began;
            } else if (typeof data === 'string') {
                awaited = Number(data);
            } else {
                awaited -= data.byteLength;
                if (awaited === 0) channel.send('there');
            }
        };
    };

    const described = async () => {
        await connection.setLocalDescription();
        while (connection.iceGatheringState !== 'complete') {
            await new Promise((resolve) => connection.addEventListener('icegatheringstatechange', resolve, { once: true }));
        }
        return connection.localDescription.toJSON();
    };

    plain.offer = () => {
        begin();
        return described();
    };

    plain.answer = async (offer) => {
        begin();
        await connection.setRemoteDescription(offer);
        return described();
    };

    plain.accept = (answer) => connection.setRemoteDescription(answer);

    // `took` are the milliseconds until the other page says that it has all of the bytes.
    plain.send = (bytes) => {
        [plain.took, began] = [null, performance.now()];
        channel.send(String(bytes));
        let left = bytes;
        const fill = () => {
            while (left > 0 && channel.bufferedAmount < 65536) {
                const chunk = Math.min(left, 16384);
                channel.send(new Uint8Array(chunk));
                left -= chunk;
            }
        };
        channel.onbufferedamountlow = fill;
        fill();
    };

    return plain;
})();
