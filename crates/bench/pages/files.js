// Every raw page that sends files begins with this, after room.js: a list, a question, a chat, as Snaproom's page has
// them. The script that follows has tellOther(message) and sendFile(file), and calls onOther(message) and
// finish(whole); `whole` gives what came as a Blob.
document.body.insertAdjacentHTML(
  "beforeend",
  `<input id="fileInput" type="file"><ol id="fileList"></ol>
  <div id="chatLog"></div><form><input id="chatInput"><button id="chatSend">Send</button></form>`,
);
const snap = () => {};

let given = null;
let entry = null;
let whole = null;

function list({ name, size }, state) {
  entry = document.createElement("li");
  entry.className = "transfer";
  Object.assign(entry.dataset, { id: "file", state, bytes: 0, total: size });
  entry.innerHTML = `<span class="name"></span> <span class="how"></span> <button class="accept">Accept</button>`;
  entry.querySelector(".name").textContent = name;
  entry.querySelector(".accept").onclick = () => {
    entry.dataset.state = "active";
    tellOther({ accepts: true });
  };
  at("fileList").prepend(entry);
}

at("fileInput").onchange = () => {
  [given] = at("fileInput").files;
  list(given, "offered");
  tellOther({ name: given.name, size: given.size });
};

function finish(what) {
  whole = what;
  entry.dataset.state = "verified";
}

function write(text) {
  const message = document.createElement("p");
  message.className = "message";
  message.textContent = text;
  at("chatLog").append(message);
}

document.forms[0].onsubmit = (event) => {
  event.preventDefault();
  const text = at("chatInput").value;
  write(text);
  tellOther({ text });
};

async function onOther({ name, size, accepts, text }) {
  if (name) list({ name, size }, "offered");
  if (text) write(text);
  if (accepts) {
    entry.dataset.state = "active";
    await sendFile(given);
    entry.dataset.state = "verified";
  }
}
