// What the page says until the app does: how far it has come, or that it cannot start.
// Called by the script that trunk puts into index.html.

export default function initializer() {
  return {
    onProgress({ current, total }) {
      const bar = document.querySelector("#startProgress");
      if (bar !== null && total > 0) {
        bar.max = total;
        bar.value = Math.min(current, total);
      }
    },

    onFailure(reason) {
      console.error("Snaproom could not start:", reason);
      const words = document.createElement("p");
      words.className = "start";
      words.setAttribute("role", "alert");
      words.textContent =
        reason instanceof WebAssembly.CompileError
          ? "Snaproom could not start: this browser cannot run it. Update the browser, or open this page in another one."
          : "Snaproom could not start. Check your internet connection, then reload this page.";
      document.querySelector("#app")?.replaceChildren(words);
    },
  };
}
