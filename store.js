"use strict";
/** A worker: keeps what others send on the browser's own disk (OPFS), where only a worker can write in place. Each file
    is a folder `files/PLACE/KEY` of three: the offer that it is known by, the hashes of its checked pieces, its data.
    Of the person's own files it keeps the handles, in a database, since OPFS takes bytes alone.
    src/browser/store.rs says what comes and goes. */
const PIECE_BYTES = 1024 * 1024;
const HASH_BYTES = 32;
const MAX_OFFER_BYTES = 64 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
/** The worker of the page before a reload holds its files for a moment. */
const TRIES = 50;
const PAUSE_MS = 100;

/** Errors of what was not written to its end, or by somebody else; any other may pass. */
const BROKEN = ["NotFoundError", "TypeMismatchError", "TypeError", "RangeError"];

const files = new Map();
const piece = new Uint8Array(PIECE_BYTES);
let places, here, place;

/** Leads nowhere. */
const { port1: away, port2: nobody } = new MessageChannel();
nobody.close();

const patiently = async (what) => {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await what();
    } catch (error) {
      const isHeld = error.name === "NoModificationAllowedError" || error.name === "InvalidStateError";
      if (!isHeld || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
};

const reach = async () => {
  const root = await navigator.storage.getDirectory();
  places = await root.getDirectoryHandle("files", { create: true });
  here = await places.getDirectoryHandle(place, { create: true });
};

const opened = async (folder, name) => {
  const file = await folder.getFileHandle(name, { create: true });
  return patiently(() => file.createSyncAccessHandle());
};

/** A file takes fewer bytes than it is given where the disk is full. */
const written = (handle, bytes, at) => {
  if (handle.write(bytes, { at }) < bytes.byteLength) throw new DOMException("the disk is full", "QuotaExceededError");
};

const shortened = (handle, bytes) => {
  if (handle.getSize() > bytes) handle.truncate(bytes);
};

const released = (file) => {
  for (const handle of [file.data, file.hashes]) handle?.close();
  file.data = file.hashes = undefined;
};

const removed = (key) =>
  patiently(() => here.removeEntry(key, { recursive: true })).catch((error) => {
    if (error.name !== "NotFoundError") throw error;
  });

const database = () =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open("snaproom", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("handles", { keyPath: ["place", "key"] });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });

/** Elsewhere there are none but of the disk's own files, and nothing is asked of the database. */
const hasHandles = "queryPermission" in (globalThis.FileSystemFileHandle?.prototype ?? {});

/** The database does not stay open: the person may clear it at any time. */
const handles = async (mode, act) => {
  if (!hasHandles) return [];
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = opened.transaction("handles", mode);
      const asked = act(transaction.objectStore("handles"));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    opened.close();
  }
};

/** Every key is a text, and behind those are lists. */
const all = () => IDBKeyRange.bound([place], [place, []]);

/** What is done with a file, one after the other. */
const work = {
  async begin(file, key, offer) {
    released(file);
    /** The person, or a tab that tidied up, may have removed it. */
    await reach();
    const folder = await here.getDirectoryHandle(key, { create: true });
    file.data = await opened(folder, "data");
    file.hashes = await opened(folder, "hashes");
    const handle = await opened(folder, "offer");
    try {
      handle.truncate(0);
      written(handle, offer, 0);
    } finally {
      handle.close();
    }
  },
  /** The chunk is sent to nobody, and gone at once. After `transfer(0)` Chromium does not count what its message event
      still holds, and left to the collector it stays for a while. */
  write(file, key, offset, chunk) {
    const bytes = chunk.byteLength;
    written(file.data, new Uint8Array(chunk), offset);
    away.postMessage(null, [chunk]);
    postMessage(["written", key, offset, bytes]);
  },
  hash(file, key, offset, length) {
    const bytes = piece.subarray(0, length);
    if (bytes.length < length || file.data.read(bytes, { at: offset }) < length) {
      throw new RangeError(`there are no ${length} bytes at ${offset}`);
    }
    /** It works on a copy: what comes next does not wait. */
    crypto.subtle.digest("SHA-256", bytes).then(
      (digest) => postMessage(["hashed", key, offset, digest]),
      (error) => failed(file, key, error),
    );
  },
  keepHash(file, key, index, digest) {
    written(file.hashes, digest, index * HASH_BYTES);
  },
  truncate(file, key, bytes) {
    shortened(file.data, bytes);
    shortened(file.hashes, Math.floor(bytes / PIECE_BYTES) * HASH_BYTES);
  },
  close: released,
  async remove(file, key) {
    released(file);
    await removed(key);
  },
  async keepHandle(_, key, handle) {
    await handles("readwrite", (store) => store.put({ place, key, handle, at: Date.now() }));
  },
  async forgetHandle(_, key) {
    await handles("readwrite", (store) => store.delete([place, key]));
  },
};

const failed = (file, key, { name, message }) => {
  released(file);
  postMessage(["failed", key, name, message]);
};

/** What is asked, and has an answer. */
const answers = {
  async open(name) {
    if (!globalThis.FileSystemFileHandle?.prototype.createSyncAccessHandle) {
      throw new DOMException("files cannot be written in place", "NotSupportedError");
    }
    place = name;
    await reach();
  },
  async file(key) {
    await files.get(key)?.last;
    const folder = await here.getDirectoryHandle(key);
    return (await folder.getFileHandle("data")).getFile();
  },
  async stored() {
    const found = [];
    for (const [key, folder] of await entries(here)) {
      if (files.has(key)) continue;
      try {
        const [offer, hashes, data] = await Promise.all(
          ["offer", "hashes", "data"].map(async (name) => (await folder.getFileHandle(name)).getFile()),
        );
        if (offer.size === 0 || offer.size > MAX_OFFER_BYTES) throw new RangeError("no offer");
        /** Behind those of the pieces may be the one over all of them. */
        const count = Math.min(Math.floor(hashes.size / HASH_BYTES), Math.ceil(data.size / PIECE_BYTES) + 1);
        const checked = hashes.slice(0, count * HASH_BYTES);
        found.push([key, await offer.arrayBuffer(), await checked.arrayBuffer(), data.size]);
      } catch (error) {
        if (BROKEN.includes(error.name)) await removed(key).catch(() => {});
      }
    }
    return found;
  },
  async tidyUp(prefix) {
    const { held } = await navigator.locks.query();
    const locks = new Set(held.map((lock) => lock.name));
    for (const [name, folder] of await entries(places)) {
      if (name === place || locks.has(prefix + name)) continue;
      if ((await lastUsed(folder)) > Date.now() - DAY_MS) continue;
      /** One that is in use after all cannot be removed. */
      await places.removeEntry(name, { recursive: true }).catch(() => {});
    }
    for (const { place: of, key, at } of await handles("readonly", (store) => store.getAll())) {
      if (of === place || locks.has(prefix + of) || at > Date.now() - DAY_MS) continue;
      await handles("readwrite", (store) => store.delete([of, key]));
    }
  },
  async handles() {
    const found = await handles("readonly", (store) => store.getAll(all()));
    return found.map(({ key, handle }) => [key, handle]);
  },
  async leave() {
    await Promise.all([...files.values()].map((file) => file.last));
    for (const file of files.values()) released(file);
    /** Where it fails they are old in a day. */
    await handles("readwrite", (store) => store.delete(all())).catch(() => {});
    await patiently(() => places.removeEntry(place, { recursive: true }));
  },
};

const entries = async (folder) => {
  const found = [];
  for await (const entry of folder.entries()) found.push(entry);
  return found;
};

const lastUsed = async (folder) => {
  const times = [0];
  for (const [, handle] of await entries(folder)) {
    times.push(handle.kind === "file" ? (await handle.getFile()).lastModified : await lastUsed(handle));
  }
  return Math.max(...times);
};

/** What is for files that are open alone. What still comes after a failure is not done. */
const needsOpen = new Set(["write", "hash", "keepHash", "truncate"]);

/** Does `what` after all that came before for this file. */
const inTurn = (what, key, ...rest) => {
  const file = files.get(key) ?? { last: Promise.resolve(), waiting: 0 };
  files.set(key, file);
  file.waiting += 1;
  const turn = async () => {
    try {
      if (file.data !== undefined || !needsOpen.has(what)) await work[what](file, key, ...rest);
    } catch (error) {
      failed(file, key, error);
    }
    file.waiting -= 1;
    if (file.waiting === 0 && file.data === undefined) files.delete(key);
  };
  file.last = file.last.then(turn);
};

const answer = async (number, what, ...rest) => {
  try {
    postMessage(["answered", number, await answers[what](...rest)]);
  } catch ({ name, message }) {
    postMessage(["refused", number, name, message]);
  }
};

onmessage = ({ data: [what, ...rest] }) => (what === "ask" ? answer(...rest) : inTurn(what, ...rest));
