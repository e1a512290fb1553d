// Single keys, which may be switched off; the help that explains them.
"use strict";
(() => {
  const { rows, settle } = window.ward;
  const typing = (el) => el && (el.matches("input:not([type=radio]):not([type=checkbox]), textarea, select") || el.isContentEditable);
  const help = document.getElementById("keys");
  const off = document.getElementById("keys-off");
  if (off) {
    off.checked = localStorage.getItem("keys") === "off";
    off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));
    document.getElementById("keys-button")?.addEventListener("click", () => help.showModal());
  }

  function move(by) {
    settle();
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const current = all.findIndex((row) => row.hasAttribute("aria-current"));
    const to = all[Math.min(all.length - 1, Math.max(0, (at < 0 ? current : at) + by))];
    to?.focus();
    to?.scrollIntoView({ block: "nearest" });
  }

  function unfold(id, field) {
    const part = document.getElementById(id);
    if (!part) return;
    part.open = true;
    part.scrollIntoView({ block: "nearest" });
    part.querySelector(field)?.focus();
  }

  // A key that cannot do its work says why: silence reads as a key that is broken, or as work that was done.
  const says = document.getElementById("keys-say");
  let leaving = 0;
  function whyNot() {
    if (!says) return;
    const panel = document.querySelector("main .panel");
    const is = (mark) => panel.matches(mark) || panel.querySelector(mark);
    const why = !panel ? "nothing" : is("#take") ? "take" : is(".take-over") ? "other" : is("#do-close") && is(".panel-urgent") ? "urgent" : "no_alert";
    says.textContent = says.dataset[why];
    says.hidden = false;
    clearTimeout(leaving);
    leaving = setTimeout(() => { says.hidden = true; says.textContent = ""; }, 8000);
  }
  const act = (id, field) => { if (document.getElementById(id)) unfold(id, field); else whyNot(); };

  const KEYS = {
    j: () => move(1), k: () => move(-1),
    p: () => document.getElementById("take")?.click(),
    a: () => act("do-call", "input, textarea"), n: () => act("do-close", "input, textarea"), s: () => act("do-wait", "input"),
    u: () => document.getElementById("undo")?.click(),
    "/": () => document.getElementById("search")?.focus(), "?": () => help?.showModal(),
  };

  // The first press shows the words as they would leave and puts Send under the finger; Enter sends.
  function reply(number) {
    const one = document.getElementById(`reply-${number}`) || document.getElementById("no-reply");
    if (!one) return;
    const all = document.getElementById("do-reply");
    if (all) all.open = true;
    one.open = true;
    one.scrollIntoView({ block: "nearest" });
    (one.querySelector("button") || one).focus();
  }
  for (const number of "123456") KEYS[number] = () => reply(number);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !help?.open) {
      (document.querySelector(".row[aria-current]") || rows()[0])?.focus();
      return;
    }
    if (typing(event.target) || help?.open || off?.checked) return;
    const pressed = KEYS[event.key.toLowerCase()];
    if (pressed) { event.preventDefault(); pressed(); }
  });
})();
