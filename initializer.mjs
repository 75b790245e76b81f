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
      const title = document.createElement("h1");
      title.textContent = "Snaproom";
      const words = document.createElement("p");
      words.setAttribute("role", "alert");
      words.textContent =
        reason instanceof WebAssembly.CompileError
          ? "Snaproom could not start: this browser cannot run it. Update the browser, or open this page in another one."
          : "Snaproom could not start. Check your internet connection, then reload this page.";
      const again = document.createElement("button");
      again.type = "button";
      again.className = "primary";
      again.textContent = "Reload";
      again.addEventListener("click", () => location.reload());
      const page = document.createElement("main");
      page.className = "startFailed";
      page.append(title, words, again);
      document.querySelector("#app")?.replaceChildren(page);
    },
  };
}
