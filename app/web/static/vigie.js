// On every staff page: what a refusal is about, contact with the house. Everything works without this file except being told by itself
// that something changed. The list, the panel, the keys and the sound have files of their own: list.js, panel.js, keys.js, sound.js.
"use strict";
(() => {
  let sent = null;
  document.addEventListener("htmx:before:request", (event) => {
    // A new act clears the last refusal; the list that refreshes itself does not.
    if (!event.target.matches?.("form")) return;
    document.getElementById("notice").replaceChildren();
    sent = event.target;
    for (const field of sent.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const choice of sent.querySelectorAll(".refused")) choice.classList.remove("refused");
  });

  // The sentence of a refusal stands above; the field it is about is marked where it stands.
  document.addEventListener("htmx:after:swap", () => {
    const about = document.querySelector("#notice [data-field]")?.dataset.field;
    const field = about && sent?.querySelector(`[name="${about}"]`);
    if (!field) return;
    if (field.type === "radio") field.closest("fieldset").classList.add("refused");
    else field.setAttribute("aria-invalid", "true");
    field.focus();
  });

  // --- Contact with the house (HZ-37) ------------------------------------------------------------------------------------------------
  const contact = document.getElementById("contact");
  const SILENT = 6000, LOST = 10000;
  let last = performance.now(), stamp = "", asking = false, told = "", toldAt = 0;

  // The ward's own hour: what the list said when it came, and what has passed since; the browser may stand in another zone.
  function hour() {
    const said = (document.querySelector(".counts") || contact).dataset.now;
    if (said !== told) { told = said; toldAt = performance.now(); }
    const [h, m, s] = told.split(":").map(Number);
    const now = (h * 3600 + m * 60 + s + Math.round((performance.now() - toldAt) / 1000)) % 86400;
    return [now / 3600, (now % 3600) / 60, now % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  }

  function alive(changed) {
    last = performance.now();
    document.getElementById("updated").textContent = hour();
    if (document.body.classList.contains("lost")) {
      document.body.classList.remove("lost");
      contact.firstChild.textContent = `${contact.dataset.back} `;
      changed = true;
    }
    if (changed) htmx.trigger(document.body, "vigie:changed", { news: true });
  }

  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch("/live/stamp", { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(3000) });
      if (answer.status === 401) location.href = answer.headers.get("HX-Redirect") || "/sign-in";
      if (answer.ok) { const heard = (await answer.json()).stamp; alive(heard !== stamp); stamp = heard; }
    } catch { /* the next try may succeed; the clock below says that contact is lost */ }
    asking = false;
  }

  if (contact) {
    const live = document.getElementById("live");
    live.addEventListener("changed", (event) => { alive(event.detail.data !== stamp); stamp = event.detail.data; });
    live.addEventListener("beat", () => alive(false));
    live.addEventListener("ended", ask);
    setInterval(() => {
      const silence = performance.now() - last;
      if (silence > SILENT) ask();
      if (silence > LOST && !document.body.classList.contains("lost")) {
        document.body.classList.add("lost");
        contact.firstChild.textContent = `${contact.dataset.lost} `;
      }
    }, 1000);
  }

  // On a telephone the menu is one line that is pushed sideways: the page one is on stands in sight.
  const here = document.querySelector(".top nav a[aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 60;

  document.querySelector("[data-print]")?.addEventListener("click", () => print());
})();
