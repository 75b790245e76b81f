// The codelab's signaling server on today's socket.io, with one defect less: `message` goes to the sender's room and
// not to everybody, and a room is full by its own members. Nothing is logged. NODE_PATH leads to socket.io.
"use strict";

const server = require("http").createServer();
const io = require("socket.io")(server);

io.on("connection", (socket) => {
  let joined;

  socket.on("message", (message) => {
    if (joined) socket.to(joined).emit("message", message);
  });

  socket.on("create or join", (room) => {
    const members = io.sockets.adapter.rooms.get(room)?.size ?? 0;
    if (members === 0) {
      socket.join((joined = room));
      socket.emit("created", room, socket.id);
    } else if (members === 1) {
      io.to(room).emit("join", room);
      socket.join((joined = room));
      socket.emit("joined", room, socket.id);
      io.to(room).emit("ready");
    } else {
      socket.emit("full", room);
    }
  });
});

server.listen(Number(process.argv[2]), "127.0.0.1");
