// Put into every page before its own scripts: when bytes come, when a file is verified, how long the page's event loop
// is held up, and how long an answer takes.
{
  // Longer than this between two messages with bytes is a gap, in milliseconds.
  const GAP = 100;
  const none = { first: null, last: null, gaps: 0, longest: 0 };
  const arrivals = (window.arrivals = { ...none });
  const arrived = ({ data }) => {
    if (typeof data === "string") return;
    const now = performance.now();
    if (arrivals.last !== null) {
      arrivals.longest = Math.max(arrivals.longest, now - arrivals.last);
      arrivals.gaps += now - arrivals.last > GAP;
    }
    arrivals.first ??= now;
    arrivals.last = now;
  };
  const add = RTCDataChannel.prototype.addEventListener;
  const watched = new WeakSet();
  const watch = (channel) => {
    if (watched.has(channel)) return;
    watched.add(channel);
    add.call(channel, "message", arrived);
  };
  RTCDataChannel.prototype.addEventListener = function (type, ...rest) {
    if (type === "message") watch(this);
    return add.call(this, type, ...rest);
  };
  const { set, ...onmessage } = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, "onmessage");
  Object.defineProperty(RTCDataChannel.prototype, "onmessage", {
    ...onmessage,
    set(listener) {
      watch(this);
      set.call(this, listener);
    },
  });
  addEventListener("click", () => Object.assign(arrivals, none), true);

  const observer = new MutationObserver(() => {
    if (document.querySelector(".transfer[data-state=verified]") === null) return;
    performance.mark("verified");
    observer.disconnect();
  });
  observer.observe(document, { subtree: true, childList: true, attributeFilter: ["data-state"] });
}

// A timer that is due every 5 ms, and how late it is. A page that is held up for longer than that is late for each
// moment in which the timer would have been due.
window.lag = {
  late: [],
  measure() {
    const STEP = 5;
    let due = performance.now() + STEP;
    const tick = () => {
      const now = performance.now();
      for (let late = now - due; late >= 0; late -= STEP) this.late.push(late);
      due = now + STEP;
      this.timer = setTimeout(tick, STEP);
    };
    this.timer = setTimeout(tick, STEP);
  },
  end() {
    clearTimeout(this.timer);
    return this.late;
  },
};

// While bytes come, asks the other page something and waits for its answer, again and again: messages in the chat.
window.talk = {
  say(text) {
    const field = document.querySelector("#chatInput");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.form.requestSubmit();
  },
  hears(text) {
    const messages = [...document.querySelectorAll("#chatLog .message")].slice(-6);
    return messages.some(({ textContent }) => textContent.includes(text));
  },
  async heard(text) {
    while (!this.hears(text)) {
      await new Promise((done) => {
        const observer = new MutationObserver(() => (observer.disconnect(), done()));
        observer.observe(document, { subtree: true, childList: true, characterData: true });
      });
    }
  },
  async answer() {
    for (let count = 0; ; count += 1) {
      await this.heard(`ask ${count}.`);
      this.say(`answer ${count}.`);
    }
  },
  async ask() {
    // More would measure the chat's own work.
    const PAUSE = 500;
    const pause = () => new Promise((done) => setTimeout(done, PAUSE));
    const times = [];
    while (arrivals.first === null) await pause();
    for (let count = 0; performance.getEntriesByName("verified").length === 0; count += 1) {
      const began = performance.now();
      this.say(`ask ${count}.`);
      await this.heard(`answer ${count}.`);
      times.push(performance.now() - began);
      await pause();
    }
    return times;
  },
};
