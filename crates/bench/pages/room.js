// Every raw page begins with this: a room behind the #, its link, its socket, and a button for the camera.
// The script that follows has hear(message), snap() and echo(text).
const at = (id) => document.getElementById(id);
const room = location.hash.slice(1) || crypto.getRandomValues(new Uint8Array(16)).toHex();
history.replaceState(null, "", `#${room}`);
at("url").href = at("url").textContent = location.href;

const socket = new WebSocket(`ws://${location.host}/ws?room=${room}`);
const tell = (message) => socket.send(JSON.stringify(message));
let hearing = Promise.resolve();
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if ("first" in message) at("status").dataset.state = message.first ? "alone" : "connecting";
  // One after the other: a candidate waits for the description before it.
  hearing = hearing.then(() => hear(message));
};

let isOpen = false;
const invite = () => (at("snapAndSend").disabled = !isOpen || !at("camera").srcObject);
const opened = () => {
  performance.mark("usable");
  isOpen = true;
  invite();
};

at("startCamera").onclick = async () => {
  at("camera").srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  invite();
};
at("snapAndSend").onclick = () => snap();
