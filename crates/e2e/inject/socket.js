// Puts words into the server's mouth, or takes them.
{
    let latest = null;
    window.WebSocket = new Proxy(window.WebSocket, {
        construct(target, parameters) {
            latest = Reflect.construct(target, parameters);
            return latest;
        },
    });

    // The server says this.
    window.hear = (text) => {
        latest.dispatchEvent(new MessageEvent('message', { data: text }));
    };

    // The socket is lost, and no other one ever opens.
    window.silence = () => {
        window.askedInVain = 0;
        window.WebSocket = class extends EventTarget {
            readyState = 0;
            constructor() {
                super();
                window.askedInVain += 1;
            }
            send() {}
            close() {}
        };
        latest.close();
    };
}
