// The limit of a file: it is read a piece ahead, and each piece is hashed on both sides. In the page `limit-files` what came
// stays in memory; in `limit-disk-files` a worker writes it into the browser's own disk, as Snaproom's does.
const tellOther = (message) => channel.send(JSON.stringify(message));

async function read(file, start) {
  const bytes = new Uint8Array(await file.slice(start, start + PIECE).arrayBuffer());
  return { bytes, sha256: await sha256(bytes) };
}

async function sendFile(file) {
  let next = read(file, 0);
  for (let start = 0; start < file.size; start += PIECE) {
    const { bytes, sha256 } = await next;
    next = start + PIECE < file.size ? read(file, start + PIECE) : null;
    tellOther({ bytes: bytes.length, sha256 });
    await send(bytes);
  }
}

// The receiver's side.
const pieces = [];
let part = null;
let received = 0;
let kept = 0;

channel.onmessage = ({ data }) => {
  if (typeof data !== "string") return take(new Uint8Array(data));
  const message = JSON.parse(data);
  if (message.stored) {
    stored = message.stored;
    goOn();
  } else if (message.bytes) part = { into: new Uint8Array(message.bytes), filled: 0, sha256: message.sha256 };
  else onOther(message);
};

function take(chunk) {
  part.into.set(chunk, part.filled);
  part.filled += chunk.length;
  received += chunk.length;
  tellOther({ stored: received });
  if (part.filled === part.into.length) check(part, received - part.filled);
}

async function check({ into, sha256: announced }, start) {
  if ((await sha256(into)) !== announced) throw new Error("the bytes are not those that were announced");
  await keep(into, start);
  kept += 1;
  if (kept === Math.ceil(entry.dataset.total / PIECE)) finish(() => new Blob(pieces));
}

let disk = null;
const keeping = [];

async function keep(piece, start) {
  if (location.pathname !== "/limit-disk-files") return pieces.push(piece);
  disk ??= open();
  const worker = await disk;
  const written = new Promise((done) => keeping.push(done));
  worker.postMessage([piece, start], [piece.buffer]);
  await written;
}

async function open() {
  const script = `let file = null;
    onmessage = async ({ data }) => {
      if (data === "open") {
        let folder = await navigator.storage.getDirectory();
        for (const name of ["files", "limit", "file"]) folder = await folder.getDirectoryHandle(name, { create: true });
        file = await (await folder.getFileHandle("data", { create: true })).createSyncAccessHandle();
      } else file.write(data[0], { at: data[1] });
      postMessage(null);
    };`;
  const worker = new Worker(URL.createObjectURL(new Blob([script])));
  worker.onmessage = () => keeping.shift()();
  const opened = new Promise((done) => keeping.push(done));
  worker.postMessage("open");
  await opened;
  return worker;
}
