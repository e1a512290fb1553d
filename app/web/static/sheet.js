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

  // --- Nothing typed waits for a button ----------------------------------------------------------------------------------------------
  // A field that is left keeps itself, and so does the page when it is left by any way: a fever that was typed must count. Each answer comes
  // back as this page would show it, and only what it changed is put in: nobody's typing is touched.
  const keeps = document.getElementById("keeps"), sheet = document.getElementById("sheet");
  const ASKED = "form.asked, form[action$='/call/words']";
  const typedIn = (field) => field.type === "checkbox" ? field.checked !== field.defaultChecked
    : ["text", "textarea"].includes(field.type) && field.value !== field.defaultValue;
  const isTyped = (form) => [...form.elements].some(typedIn);
  const fields = (form) => new URLSearchParams(new FormData(form)).toString();
  const post = (action, body, more = {}) => fetch(action, { method: "POST", body: new URLSearchParams(body), ...more });
  const saved = { headers: { "HX-Request": "true" } };
  const key = (form) => form.elements.key?.value || "told";

  // Is it kept? A page that is no longer ours (signed out) has nothing of what it should hold.
  async function send(form) {
    const body = fields(form), answer = await post(form.action, body, { keepalive: true });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("told-now")) throw new Error("not kept");
    for (const id of ["told-now", "level-now", "grave-now", "heard", `given-${key(form)}`, `trouble-${key(form)}`]) {
      const here = document.getElementById(id), there = page.getElementById(id);
      if (here && there && here.innerHTML !== there.innerHTML) here.replaceChildren(...there.childNodes);
    }
    for (const field of form.elements) for (const name of ["aria-invalid", "aria-describedby"]) {
      const said = field.id && page.getElementById(field.id)?.getAttribute(name);
      if (said) field.setAttribute(name, said); else field.removeAttribute(name);
    }
    document.getElementById(`see-${key(form)}`)?.replaceChildren();
    if (fields(form) === body) settle(form, answer.ok);
    return answer.ok;
  }

  // Words that are kept stand below their field, which is free for what is said next; a number, or what was refused, stays where it is.
  function settle(form, isKept) {
    for (const field of form.elements) {
      if (field.type === "textarea") field.value = field.defaultValue = isKept ? "" : field.value;
      else if (field.type === "checkbox") field.defaultChecked = field.checked;
      else if (field.type === "text") field.defaultValue = field.value;
    }
  }

  let turn = Promise.resolve(), waiting = 0;
  function keep(form) {
    waiting += 1;
    turn = turn.then(async () => {
      try {
        if (isTyped(form)) await send(form);
        failed(false);
      } catch { failed(true); }
      waiting -= 1;
    });
  }

  function failed(is) {
    if (is === keeps.classList.contains("field-error")) return;
    const other = keeps.dataset.failed;
    keeps.dataset.failed = keeps.textContent;
    keeps.textContent = other;
    keeps.classList.toggle("field-error", is);
  }

  keeps.hidden = false;
  document.addEventListener("focusout", (event) => {
    const form = event.target.form;
    if (form?.matches(ASKED) && !form.contains(event.relatedTarget)) keep(form);
  });

  let typed = false, leaving = false;
  document.addEventListener("input", (event) => { if (sheet && event.target.form === sheet) typed = true; });
  // This page keeps itself block by block, so it is never behind its own stamp; without this file a press of an old page is refused.
  document.querySelector("[name=stamp]")?.remove();

  addEventListener("pagehide", () => {
    if (leaving) return;
    const last = [...document.querySelectorAll(ASKED)].filter(isTyped).map((form) => post(form.action, fields(form), { keepalive: true }));
    if (typed) last.push(post(sheet.dataset.save, `${fields(sheet)}&leaving=yes`, { ...saved, keepalive: true }));
    for (const one of last) one.catch(() => {}); // the page is gone: nobody is left to be told
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // An answer or the close first keeps what stands in the sheet, then what was typed for other questions. What one of them refuses stands
  // beside it on the next page, and a call does not close over it.
  document.addEventListener("submit", async (event) => {
    const form = event.target, pressed = event.submitter;
    if (leaving || event.defaultPrevented) return;
    const others = () => [...document.querySelectorAll(ASKED)].filter((one) => one !== form && isTyped(one));
    if (!waiting && !others().length && (form === sheet || !typed)) { leaving = true; return; }
    event.preventDefault();
    leaving = true;
    try {
      await turn;
      if (typed) await post(sheet.dataset.save, fields(sheet), saved);
      for (const one of others()) await send(one);
    } catch { /* what was pressed goes on: it matters more, and its page will say that the house cannot be reached */ }
    form.requestSubmit(pressed);
  }, true);
})();
