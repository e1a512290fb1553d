// The call sheet: a clock that runs, and nothing typed is lost when an answer or the close leads to another page. All works without this file.
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

  // Leaving this page, by an answer or by the close, first keeps what stands in the sheet, then what was typed for other questions: a fever
  // that was typed and not kept must count. What one of them refuses is shown by its own page, beside it.
  const isTyped = (form) => [...form.elements].some((field) => field.type === "checkbox" ? field.checked !== field.defaultChecked
    : ["text", "textarea"].includes(field.type) && field.value.trim() !== "" && field.value !== field.defaultValue);
  const send = async (action, form, headers = {}) =>
    (await fetch(action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers })).ok;
  let leaving = false;
  document.addEventListener("submit", async (event) => {
    const form = event.target, pressed = event.submitter;
    if (leaving || event.defaultPrevented) return;
    const left = [...document.querySelectorAll("form.asked, form[action$='/call/words']")].filter((one) => one !== form && isTyped(one));
    if (!left.length && (form === sheet || !typed)) return;
    event.preventDefault();
    leaving = true;
    try {
      if (typed) await send(sheet.dataset.save, sheet, { "HX-Request": "true" });
      for (const one of left) if (!await send(one.action, one)) return one.requestSubmit();
    } catch { /* what was pressed goes on: it matters more, and its page will say that the house cannot be reached */ }
    form.requestSubmit(pressed);
  }, true);
})();
