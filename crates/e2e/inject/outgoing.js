// Counts the bytes that leave over data channels, also over reloads of the page.
{
    window.outgoing = Number(sessionStorage.getItem('test:outgoing'));
    const { send } = RTCDataChannel.prototype;
    RTCDataChannel.prototype.send = function (data) {
        if (typeof data !== 'string') window.outgoing += data.byteLength ?? data.size;
        return send.call(this, data);
    };
    addEventListener('pagehide', () => sessionStorage.setItem('test:outgoing', window.outgoing));
}
