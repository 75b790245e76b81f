// What comes and goes over the page's connections, without asking the page.
window.media = (() => {
    const connections = [];
    window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
        construct(target, parameters) {
            const connection = Reflect.construct(target, parameters);
            connections.push(connection);
            return connection;
        },
    });
    const open = () => connections.filter((connection) => connection.connectionState === 'connected');
    // Of all connections, the reports of one type.
    const reports = async (type) => {
        const all = await Promise.all(open().map(async (connection) => [...(await connection.getStats()).values()]));
        return all.flat().filter((report) => report.type === type);
    };
    const sum = (reports, member) => reports.reduce((sum, report) => sum + (report[member] ?? 0), 0);
    const video = (reports) => reports.filter(({ kind }) => kind === 'video');
    const sound = (reports) => reports.filter(({ kind }) => kind === 'audio');
    return {
        open,
        // The longest time between two frames of an element, in milliseconds, since this was asked the last time.
        gap: (() => {
            let [last, longest, watched] = [null, 0, null];
            const look = (now) => {
                if (last !== null) longest = Math.max(longest, now - last);
                last = now;
                watched.requestVideoFrameCallback(look);
            };
            return (video) => {
                if (watched !== video) {
                    [watched, last] = [video, null];
                    video.requestVideoFrameCallback(look);
                }
                const since = last === null ? 0 : performance.now() - last;
                const gap = Math.max(longest, since);
                longest = 0;
                return gap;
            };
        })(),
        // Tracks that are sent.
        tracks: () => open().flatMap((connection) => connection.getSenders()).filter(({ track }) => track).length,
        framesDecoded: async () => sum(video(await reports('inbound-rtp')), 'framesDecoded'),
        // What was heard, as energy (W3C WebRTC Statistics, section 8.1).
        energy: async () => sum(sound(await reports('inbound-rtp')), 'totalAudioEnergy'),
        // The mean of what RTCP says of the round trips since then, in milliseconds.
        ...(() => {
            let times = null;
            const look = async () => {
                const mine = times;
                while (times === mine) {
                    for (const { kind, roundTripTime, roundTripTimeMeasurements } of await reports('remote-inbound-rtp')) {
                        if (kind === 'video' && roundTripTime) mine.set(roundTripTimeMeasurements, roundTripTime);
                    }
                    await new Promise((resolve) => setTimeout(resolve, 200));
                }
            };
            return {
                timeRoundTrips: () => {
                    times = new Map();
                    look();
                },
                roundTrip: () => {
                    const all = [...times.values()];
                    return (1000 * all.reduce((sum, time) => sum + time, 0)) / all.length;
                },
            };
        })(),
        // Sends the camera without a word of the page's.
        sendCamera: async () => {
            const [track] = document.querySelector('#camera').srcObject.getTracks();
            const transceivers = open()[0].getTransceivers();
            const camera = transceivers.find(({ receiver }) => receiver.track.kind === 'video');
            await camera.sender.replaceTrack(track);
        },
        // The colour in the middle of what an element shows.
        colour: (element) => {
            const canvas = new OffscreenCanvas(1, 1);
            const context = canvas.getContext('2d');
            const [width, height] = [element.videoWidth ?? element.width, element.videoHeight ?? element.height];
            context.drawImage(element, width / 2, height / 2, 1, 1, 0, 0, 1, 1);
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
        },
    };
})();
