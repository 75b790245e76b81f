// Put into every page of a call before its own scripts, ours and the others alike. Instead of the camera there is a drawn
// clock of 1280×720, 30 times a second, and what comes of it in a .remoteVideo is read: how old a picture is when it is
// shown. The microphone is the browser's own.
window.clock = (() => {
  const [WIDTH, HEIGHT, RATE] = [1280, 720, 30];
  // Two rows of squares, black and white: the milliseconds modulo 2¹⁶, and the same inverted, so that a wrong reading is
  // known. They are 20 pixels wide where the picture has shrunk to 320.
  const BITS = 16;
  const SIDE = WIDTH / BITS;
  const SURE = 96;
  const now = () => performance.timeOrigin + performance.now();

  const draw = (context, time) => {
    const bits = Math.round(time) % 2 ** BITS;
    for (let place = 0; place < BITS; place++) {
      const [top, below] = (bits >> place) & 1 ? ["#fff", "#000"] : ["#000", "#fff"];
      context.fillStyle = top;
      context.fillRect(place * SIDE, 0, SIDE, SIDE);
      context.fillStyle = below;
      context.fillRect(place * SIDE, SIDE, SIDE, SIDE);
    }
  };

  const eye = Object.assign(document.createElement("canvas"), { width: BITS, height: 2 });
  const retina = eye.getContext("2d", { willReadFrequently: true });
  // The middle of each square. Where top and below are about alike, nothing was read.
  retina.imageSmoothingEnabled = false;
  const read = (video) => {
    const { videoWidth } = video;
    retina.drawImage(video, 0, 0, videoWidth, (2 * videoWidth) / BITS, 0, 0, BITS, 2);
    const { data } = retina.getImageData(0, 0, BITS, 2);
    let bits = 0;
    for (let place = 0; place < BITS; place++) {
      const difference = data[4 * place + 1] - data[4 * (BITS + place) + 1];
      if (Math.abs(difference) < SURE) return null;
      if (difference > 0) bits |= 1 << place;
    }
    return bits;
  };

  // Behind the clock something moves, so that there is something to encode: discs over a sky, drawn once and pushed along.
  const landscape = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * WIDTH, height: HEIGHT });
    const context = canvas.getContext("2d");
    const sky = context.createLinearGradient(0, 0, 0, HEIGHT);
    sky.addColorStop(0, "#7fb4e6");
    sky.addColorStop(1, "#4a5d3a");
    context.fillStyle = sky;
    context.fillRect(0, 0, 2 * WIDTH, HEIGHT);
    for (let disc = 0; disc < 60; disc++) {
      context.fillStyle = `hsl(${disc * 47} 40% ${30 + (disc % 7) * 7}%)`;
      for (const left of [0, WIDTH]) {
        context.beginPath();
        context.arc(left + ((disc * 791) % WIDTH), (disc * 503) % HEIGHT, 20 + (disc % 5) * 12, 0, 2 * Math.PI);
        context.fill();
      }
    }
    return canvas;
  };

  const camera = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
    const context = canvas.getContext("2d");
    const behind = landscape();
    let pictures = 0;
    const show = () => {
      context.drawImage(behind, -((2 * pictures++) % WIDTH), 0);
      draw(context, now());
    };
    show();
    const [track] = canvas.captureStream(RATE).getVideoTracks();
    const timer = setInterval(() => (track.readyState === "live" ? show() : clearInterval(timer)), 1000 / RATE);
    return track;
  };

  const open = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function ({ video, audio }) {
    const sound = audio ? await open.call(this, { audio }) : null;
    return new MediaStream([...(sound?.getTracks() ?? []), ...(video ? [camera()] : [])]);
  };

  // Marks `seen` and `full` at the first picture and at the first of full size, `ringing` once one may answer.
  const once = (name) => performance.getEntriesByName(name, "mark").length > 0 || performance.mark(name);
  let looking = null;
  const watch = (video) => {
    const look = (_, { width, height }) => {
      const at = now();
      once("seen");
      if (width >= WIDTH && height >= HEIGHT) once("full");
      if (looking) {
        looking.shown++;
        const bits = read(video);
        if (bits !== null) looking.ages.push((at - bits) % 2 ** BITS);
      }
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  };
  const known = new WeakSet();
  new MutationObserver(() => {
    if (document.querySelector("#ringing")?.hidden === false) once("ringing");
    for (const video of document.querySelectorAll(".remoteVideo")) {
      if (!known.has(video)) watch(video);
      known.add(video);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["hidden", "class"] });

  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  return {
    // How many pictures are shown in so many milliseconds, and how old those were that could be read.
    look: async (milliseconds) => {
      looking = { shown: 0, ages: [] };
      const from = now();
      await pause(milliseconds);
      const looked = { ...looking, milliseconds: now() - from };
      looking = null;
      return looked;
    },
  };
})();
