// The limit: what raw JavaScript can do with the same work. A preview first, then the exact bytes; both are hashed on
// both sides, and the receiver says how much more may come.
const PREVIEW_SIDE = 1280;
const SHOWN_SIDE = 960;

const scaled = (width, height, side) => {
  const scale = Math.min(1, side / Math.max(width, height));
  return [Math.ceil(width * scale), Math.ceil(height * scale)];
};
const brush = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

// The sender's side.
async function snap() {
  const id = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const { videoWidth: width, videoHeight: height } = at("camera");
  const canvas = Object.assign(at("photo"), { width, height });
  brush(canvas).drawImage(at("camera"), 0, 0);
  const { data } = brush(canvas).getImageData(0, 0, width, height);
  const pieces = [];
  for (let start = 0; start < data.length; start += PIECE) pieces.push(data.subarray(start, start + PIECE));
  // While the preview is made, the first piece is hashed on another thread.
  const first = sha256(pieces[0]);
  const preview = jpeg(canvas, width, height);
  channel.send(JSON.stringify({ id, width, height, bytes: preview.length, sha256: await sha256(preview) }));
  await send(preview);
  let hash = first;
  for (const [index, piece] of pieces.entries()) {
    const next = index + 1 < pieces.length ? sha256(pieces[index + 1]) : null;
    channel.send(JSON.stringify({ bytes: piece.length, sha256: await hash }));
    await send(piece);
    hash = next;
  }
}

// At once: toBlob and convertToBlob wait until the browser finds the page idle, up to a second when others are busy.
function jpeg(canvas, width, height) {
  const [wide, high] = scaled(width, height, PREVIEW_SIDE);
  let small = canvas;
  if (wide < width) {
    small = Object.assign(document.createElement("canvas"), { width: wide, height: high });
    brush(small).drawImage(canvas, 0, 0, wide, high);
  }
  return Uint8Array.fromBase64(small.toDataURL("image/jpeg", 0.8).split(",")[1]);
}

// The receiver's side.
let photo = null;
let part = null;
let received = 0;
const echoes = [];
const echo = (text) => new Promise((done) => (echoes.push(done), channel.send(JSON.stringify({ echo: text }))));

channel.onmessage = ({ data }) => {
  if (typeof data !== "string") return take(new Uint8Array(data));
  const message = JSON.parse(data);
  if (message.stored) {
    stored = message.stored;
    goOn();
  } else if (message.echo) channel.send(JSON.stringify({ echoed: message.echo }));
  else if (message.echoed) echoes.shift()(message.echoed);
  else expect(message);
};

function expect({ id, width, height, bytes, sha256 }) {
  if (id) {
    const canvas = document.createElement("canvas");
    canvas.className = "incomingPhoto";
    at("trail").prepend(canvas);
    photo = { id, width, height, canvas, pixels: new Uint8ClampedArray(width * height * 4), offset: 0, checked: 0 };
    part = { preview: true, into: new Uint8Array(bytes), filled: 0, sha256 };
  } else {
    part = { into: photo.pixels.subarray(photo.offset, photo.offset + bytes), filled: 0, sha256 };
    photo.offset += bytes;
  }
}

function take(chunk) {
  part.into.set(chunk, part.filled);
  part.filled += chunk.length;
  received += chunk.length;
  channel.send(JSON.stringify({ stored: received }));
  if (part.filled === part.into.length) check(photo, part);
}

async function check(photo, part) {
  if ((await sha256(part.into)) !== part.sha256) throw new Error("the bytes are not those that were announced");
  return part.preview ? showPreview(photo, part.into) : showExact(photo, part.into);
}

async function showPreview(photo, bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  const { id, width, height, canvas, pixels, checked } = photo;
  if (checked === pixels.length) return;
  [canvas.width, canvas.height] = scaled(width, height, SHOWN_SIDE);
  brush(canvas).drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  performance.mark(`photo:${id}:preview`);
}

function showExact(photo, bytes) {
  const { id, width, height, canvas, pixels } = photo;
  photo.checked += bytes.length;
  if (photo.checked < pixels.length) return;
  Object.assign(canvas, { width, height });
  brush(canvas).putImageData(new ImageData(pixels, width, height), 0, 0);
  performance.mark(`photo:${id}:exact`);
}
