// A file over PeerJS: one send of the file, which it packs and cuts by itself; nothing is hashed. Its ids are the room's
// name and who was there first; its server's few words are spoken by the relay.
let connection = null;

function meet(first) {
  const [own, other] = first ? ["a", "b"] : ["b", "a"];
  const { hostname: host, port } = location;
  const peer = new Peer(own + room, { host, port, path: "/", config: { iceServers: [] } });
  peer.on("connection", use);
  peer.on("open", () => !first && use(peer.connect(other + room)));
}

function use(opening) {
  connection = opening;
  connection.on("open", opened);
  connection.on("data", (data) => (ArrayBuffer.isView(data) ? finish(() => new Blob([data])) : onOther(data)));
}

function hear({ first }) {
  if (first !== undefined) meet(first);
}

const tellOther = (message) => connection.send(message);
const sendFile = (file) => connection.send(file);
