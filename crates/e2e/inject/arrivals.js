// Notes when each binary message arrives on a data channel, before the page hears of it.
{
    window.arrivals = [];
    const add = RTCDataChannel.prototype.addEventListener;
    RTCDataChannel.prototype.addEventListener = function (type, ...rest) {
        if (type === 'message' && !this.isWatched) {
            this.isWatched = true;
            add.call(this, 'message', ({ data }) => {
                if (data instanceof ArrayBuffer) window.arrivals.push(performance.now());
            });
        }
        return add.call(this, type, ...rest);
    };
}
