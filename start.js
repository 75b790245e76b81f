"use strict";
/** Loads the program that the address asks for, and says until it is here how far it has come, or that it cannot start.
    `room` stands in the script before this one; the names and sizes of a release are filled in after its build. */
(() => {
  const check = { js: "/snaproom-check.js", wasm: "/snaproom-check_bg.wasm", bytes: 0, style: "/check.css" };
  const isCheck = /^\/check(\/|$)/.test(location.pathname);
  const { js, wasm, bytes, style } = isCheck ? check : room;

  const element = (name, properties) => Object.assign(document.createElement(name), properties);
  const styled = new Promise((resolve) => {
    if (style === undefined) return resolve();
    document.documentElement.className = "check";
    document.head.append(element("link", { rel: "stylesheet", href: style, onload: resolve, onerror: resolve }));
  });
  const parsed = new Promise((resolve) => {
    if (document.readyState !== "loading") return resolve();
    document.addEventListener("DOMContentLoaded", resolve);
  });

  const progress = (bytesHere) => {
    const bar = document.querySelector("#startProgress");
    if (bar !== null && bytes > 0) {
      bar.max = bytes;
      bar.value = Math.min(bytesHere, bytes);
    }
  };

  const watched = (response) => {
    // Another's answer, as of a network that wants one to sign in first.
    if (!response.ok || !response.headers.get("content-type")?.startsWith("application/wasm")) {
      throw new Error(`${response.status} ${response.headers.get("content-type")}`);
    }
    let bytesHere = 0;
    const counted = new TransformStream({
      transform(part, controller) {
        bytesHere += part.byteLength;
        progress(bytesHere);
        controller.enqueue(part);
      },
    });
    return new Response(response.body.pipeThrough(counted), response);
  };

  const failed = (reason) => {
    console.error("Snaproom could not start:", reason);
    const words =
      reason instanceof WebAssembly.CompileError
        ? "Snaproom could not start: this browser cannot run it. Update the browser, or open this page in another one."
        : "Snaproom could not start. Check your internet connection, then reload this page.";
    const title = element("h1", { textContent: "Snaproom" });
    const sentence = element("p", { textContent: words });
    sentence.setAttribute("role", "alert");
    const reload = () => location.reload();
    const again = element("button", { type: "button", className: "primary", textContent: "Reload", onclick: reload });
    const page = element("main", { className: "startFailed" });
    page.append(title, sentence, again);
    document.querySelector("#app")?.replaceChildren(page);
  };

  const program = fetch(wasm).then(watched);
  program.catch(() => {});
  Promise.all([import(js), parsed, styled])
    .then(([module]) => module.default({ module_or_path: program }))
    .catch((reason) => parsed.then(() => failed(reason)));
})();
