// A file over simple-peer's stream: writes of 64 KiB, each after the stream has asked for more ("drain"), as pipe() does.
// It is read a megabyte ahead, as by the limit; nothing is hashed.
const STEP = 1024 * 1024;
const CHUNK = 64 * 1024;
let peer = null;

function meet(initiator) {
  peer = new SimplePeer({ initiator, config: { iceServers: [] } });
  peer.on("signal", (signal) => tell({ signal }));
  peer.on("connect", opened);
  peer.on("data", take);
}

function hear({ first, joined, signal }) {
  if (first === false) meet(false);
  if (joined) meet(true);
  if (signal) peer.signal(signal);
}

const tellOther = (message) => peer.send(JSON.stringify(message));
const read = async (file, start) => new Uint8Array(await file.slice(start, start + STEP).arrayBuffer());

async function sendFile(file) {
  let next = read(file, 0);
  for (let start = 0; start < file.size; start += STEP) {
    const bytes = await next;
    next = start + STEP < file.size ? read(file, start + STEP) : null;
    for (let place = 0; place < bytes.length; place += CHUNK) {
      const goesOn = peer.write(bytes.subarray(place, place + CHUNK));
      if (!goesOn) await new Promise((done) => peer.once("drain", done));
    }
  }
}

// Its stream does not tell text from bytes; while a file comes, all is bytes.
const chunks = [];
let left = 0;

function take(data) {
  if (left === 0) {
    onOther(JSON.parse(new TextDecoder().decode(data)));
    if (entry?.dataset.state === "offered") left = +entry.dataset.total;
    return;
  }
  chunks.push(data);
  left -= data.length;
  if (left === 0) finish(() => new Blob(chunks));
}
