// Remembers what the page says of its room, and what becomes of its connections and of itself.
{
    const listen = EventTarget.prototype.addEventListener;
    const said = [];
    const note = (who, state) => {
        const before = said.findLast((one) => one.who === who)?.state;
        if (before !== state && (before !== undefined || state !== 'gone')) said.push({ who, state, at: Date.now() });
    };

    new MutationObserver(() => {
        const peers = [...document.querySelectorAll('#peers .peer')].map(({ dataset }) => dataset);
        const here = new Map(peers.map(({ peer, state }) => [peer, state]));
        const known = said.map(({ who }) => who).filter((who) => !['status', 'page'].includes(who));
        for (const who of new Set([...known, ...here.keys()])) note(who, here.get(who) ?? 'gone');
        const status = document.querySelector('#status');
        if (status) note('status', status.dataset.state);
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] });

    for (const what of ['freeze', 'resume']) listen.call(document, what, () => note('page', what));

    const connections = [];
    window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
        construct(target, parameters) {
            const connection = Reflect.construct(target, parameters);
            const record = { states: [], ufrags: [], offers: 0, channels: [] };
            connections.push(record);
            listen.call(connection, 'connectionstatechange', () => record.states.push(connection.connectionState));
            // An offer that is rolled back restarts nothing: what counts is what both sides agreed on.
            listen.call(connection, 'signalingstatechange', () => {
                if (connection.signalingState === 'have-local-offer') record.offers += 1;
                if (connection.signalingState !== 'stable') return;
                const ufrag = /a=ice-ufrag:(\S+)/.exec(connection.currentLocalDescription?.sdp)?.[1];
                if (ufrag && record.ufrags.at(-1) !== ufrag) record.ufrags.push(ufrag);
            });
            const create = connection.createDataChannel;
            connection.createDataChannel = (...channel) => {
                const made = create.apply(connection, channel);
                record.channels.push(made);
                return made;
            };
            return connection;
        },
    });

    window.pageHistory = () => ({
        said,
        connections: connections.map(({ states, ufrags, offers, channels }) => ({
            states, ufrags, offers, channels: channels.map(({ readyState }) => readyState),
        })),
    });
}
