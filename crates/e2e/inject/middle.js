// Sits between two pages that each take it for the other: an end of DTLS for either of them, and what comes out of the
// one goes into the other. Side 0 made the offer, side 1 is to answer one.
{
    // As the app's, with their stream ids.
    const CHANNELS = ['control', 'bulk'];
    let sides = [];
    let kept = [];
    let tactic = null;
    let invention = null;

    class Side {
        constructor(number) {
            this.number = number;
            this.states = [];
            this.opened = 0;
            this.proved = false;
            // What is to be said: until the channels are open, and nothing before a proof.
            this.waiting = [];
            this.toldProof = false;
            this.connection = new RTCPeerConnection();
            this.connection.onconnectionstatechange = () => this.states.push(this.connection.connectionState);
            this.channels = CHANNELS.map((label, id) => {
                const channel = this.connection.createDataChannel(label, { negotiated: true, id });
                channel.binaryType = 'arraybuffer';
                channel.onopen = () => {
                    this.opened += 1;
                    this.speak();
                };
                channel.onmessage = ({ data }) => this.hear(id, data);
                return channel;
            });
        }

        hear(channel, data) {
            kept.push({ side: this.number, channel, data });
            const isProof = channel === 0 && !this.proved;
            this.proved ||= isProof;
            if (isProof) {
                const [to, said] = tactics[tactic](this, data);
                to.waiting.unshift({ channel, data: said });
                to.toldProof = true;
                to.speak();
            } else {
                this.other.waiting.push({ channel, data });
                this.other.speak();
            }
        }

        speak() {
            const isReady = this.toldProof && this.channels.every(({ readyState }) => readyState === 'open');
            if (!isReady) return;
            for (const { channel, data } of this.waiting.splice(0)) this.channels[channel].send(data);
        }

        get other() {
            return sides[1 - this.number];
        }

        // With all candidates.
        async description() {
            const gathered = new Promise((done) => {
                this.connection.onicegatheringstatechange = () => {
                    if (this.connection.iceGatheringState === 'complete') done();
                };
            });
            await this.connection.setLocalDescription();
            await gathered;
            return this.connection.localDescription.sdp;
        }
    }

    // What becomes of a side's first message, its proof.
    const tactics = {
        forwarded: (side, proof) => [side.other, proof],
        reflected: (side, proof) => [side, proof],
        invented: (side) => [side.other, invention],
    };

    window.middle = {
        // Gives the answer for whoever offered, and an offer for the one whom it is about. Where proofs are made up,
        // each is what `madeUp` says.
        async begin(offer, how, madeUp) {
            for (const { connection } of sides) connection.close();
            tactic = how;
            invention = madeUp;
            sides = [new Side(0), new Side(1)];
            const [caller, callee] = sides;
            await caller.connection.setRemoteDescription({ type: 'offer', sdp: offer });
            for (const kind of ['audio', 'video', 'video']) callee.connection.addTransceiver(kind);
            return Promise.all([caller.description(), callee.description()]);
        },
        // What does not fit is of an earlier negotiation.
        answered: (answer) => sides[1].connection.setRemoteDescription({ type: 'answer', sdp: answer }).catch(() => {}),
        candidate: (side, candidate) => sides[side].connection.addIceCandidate(candidate).catch(() => {}),
        sides: () => sides.map(({ states, opened }) => ({ states, opened })),
        kept: () => kept.map(({ side, channel, data }) => (
            typeof data === 'string'
                ? { side, channel, text: data, bytes: null }
                : { side, channel, text: null, bytes: new Uint8Array(data).toBase64() }
        )),
        forget: () => {
            kept = [];
        },
    };
}
