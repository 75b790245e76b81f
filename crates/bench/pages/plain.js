// A call as tutorials begin it, with everything as it comes: camera and microphone, addTrack, an offer and its answer.
document.body.insertAdjacentHTML(
  "beforeend",
  `<style>.remoteVideo { width: 640px; aspect-ratio: 16 / 9 }</style>
  <button id="callButton" disabled>Call</button>
  <div id="ringing" hidden><button id="acceptCall">Answer</button></div>
  <video class="remoteVideo" autoplay playsinline></video>`,
);
const [remoteVideo] = document.getElementsByClassName("remoteVideo");
let peer = null;

async function meet() {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  at("camera").srcObject = stream;
  peer = new RTCPeerConnection();
  peer.onicecandidate = ({ candidate }) => candidate && tell({ candidate });
  peer.ontrack = ({ streams }) => ([remoteVideo.srcObject] = streams);
  for (const track of stream.getTracks()) peer.addTrack(track, stream);
}

at("callButton").onclick = async () => {
  await meet();
  await peer.setLocalDescription(await peer.createOffer());
  tell({ description: peer.localDescription });
};

async function answered() {
  at("ringing").hidden = false;
  await new Promise((done) => (at("acceptCall").onclick = done));
  at("ringing").hidden = true;
}

async function hear({ first, joined, description, candidate }) {
  if (joined || first === false) {
    at("callButton").disabled = false;
    opened();
  }
  if (candidate) await peer.addIceCandidate(candidate);
  if (description?.type === "answer") await peer.setRemoteDescription(description);
  if (description?.type === "offer") {
    // Candidates wait meanwhile.
    await answered();
    await meet();
    await peer.setRemoteDescription(description);
    await peer.setLocalDescription(await peer.createAnswer());
    tell({ description: peer.localDescription });
  }
}

const snap = () => {};
