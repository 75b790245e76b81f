// Put into every page before its own scripts, ours and the others alike: what is marked is seen from the outside.
addEventListener("click", ({ timeStamp }) => performance.mark("click", { startTime: timeStamp }), true);
{
  // The first word in any channel, such as a proof.
  const { send } = RTCDataChannel.prototype;
  RTCDataChannel.prototype.send = function (word) {
    RTCDataChannel.prototype.send = send;
    window.firstWord = word;
    send.call(this, word);
  };

  const holds = {
    // Ours shows a peer as connected once its proof was checked; the raw pages mark `usable` where their channel opens.
    usable: () => document.querySelector("#peers .peer[data-state=connected]") !== null,
    // The link can be shared and the camera can be started, or runs.
    interactive: () => {
      const button = document.querySelector("#startCamera");
      const link = document.querySelector("#url")?.getAttribute("href")?.includes("#");
      const camera = document.querySelector("#camera")?.srcObject;
      return !!link && (!!camera || (button?.disabled === false && button.ariaDisabled !== "true"));
    },
  };
  const marked = (name) => performance.getEntriesByName(name, "mark").length > 0;
  const observer = new MutationObserver(() => {
    const missing = Object.keys(holds).filter((name) => !marked(name));
    for (const name of missing) if (holds[name]()) performance.mark(name);
    if (missing.length === 0) observer.disconnect();
  });
  observer.observe(document, {
    subtree: true,
    childList: true,
    attributeFilter: ["href", "disabled", "aria-disabled", "data-state"],
  });
}
