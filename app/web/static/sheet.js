// The call sheet: a clock that runs, and nothing typed is lost when an answer leads to another page. All works without this file.
"use strict";
(() => {
  const clock = document.querySelector(".care-clock");
  if (clock) {
    const since = Date.parse(clock.dataset.since), shown = Date.parse(clock.dataset.now), opened = performance.now();
    const tell = () => {
      const seconds = Math.max(0, Math.floor((shown - since + performance.now() - opened) / 1000));
      clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    };
    tell();
    setInterval(tell, 1000);
  }

  const sheet = document.getElementById("sheet");
  if (!sheet) return;
  // This page keeps itself block by block, so it is never behind its own stamp; without this file a press of an old page is refused.
  document.querySelector("[name=stamp]")?.remove();
  let typed = false;
  document.addEventListener("input", (event) => { if (event.target.form === sheet) typed = true; });

  // An answer to a question leaves this page: what stands in the sheet is kept before.
  document.addEventListener("submit", async (event) => {
    const form = event.target, pressed = event.submitter;
    if (form === sheet || !typed || event.defaultPrevented) return;
    event.preventDefault();
    typed = false;
    try {
      const values = new URLSearchParams(new FormData(sheet));
      await fetch(sheet.dataset.save, { method: "POST", body: values, headers: { "HX-Request": "true" } });
    } catch { /* the answer goes on: it matters more, and its page will say that the house cannot be reached */ }
    form.requestSubmit(pressed);
  }, true);
})();
