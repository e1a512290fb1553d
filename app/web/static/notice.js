// A desktop notice when an urgent alert is new and nobody looks at this screen; words without content, and only once the reader allowed it.
"use strict";
(() => {
  const button = document.getElementById("notices");
  if (!button || !("Notification" in window)) return;
  const urgent = () => new Set([...document.querySelectorAll('.rows > li:not(.gone)[data-level="urgent"]')]
    .filter((row) => row.querySelector(".row:not(.held)")).map((row) => row.dataset.key));
  let known = urgent();

  const show = () => { button.hidden = Notification.permission !== "default"; };

  button.addEventListener("click", async () => { await Notification.requestPermission(); show(); });
  document.addEventListener("vigie:list", () => {
    const now = urgent(), fresh = [...now].some((key) => !known.has(key));
    known = now;
    if (!fresh || Notification.permission !== "granted" || document.hasFocus()) return;
    // One tag: a second danger takes the place of the first notice, and a locked screen never shows how many, or whose.
    const notice = new Notification(button.dataset.title, { body: button.dataset.words, tag: "vigie-urgent", requireInteraction: true });
    notice.addEventListener("click", () => { window.focus(); notice.close(); });
  });
  show();
})();
