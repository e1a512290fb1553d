// Keys, live list, contact. Everything works without this file except being told by itself that something changed.
"use strict";
(() => {
  const list = document.getElementById("list");
  const panel = document.getElementById("panel");
  const wide = matchMedia("(min-width: 1200px)");
  const rows = () => [...document.querySelectorAll(".rows > li:not(.gone) > .row")];
  const typing = (el) => el && (el.matches("input:not([type=radio]):not([type=checkbox]), textarea, select") || el.isContentEditable);

  // --- A list that never moves the row under the pointer -------------------------------------------------------------------------
  let pointed = false;
  let waiting = null;
  const key = (li) => li.dataset.key;

  function merge(fresh, frozen) {
    const old = list.querySelector(".rows");
    const now = fresh.querySelector(".rows");
    const counts = fresh.querySelector(".counts");
    list.querySelector(".counts").replaceWith(counts);
    if (!old || !now) {
      list.querySelector(".rows, .empty").replaceWith(now || fresh.querySelector(".empty"));
      return [];
    }
    const here = new Map([...old.children].map((li) => [key(li), li]));
    const arrived = [];
    const wanted = [...now.children].map((li) => {
      const mine = here.get(key(li));
      if (!mine) { li.classList.add("arrived"); arrived.push(li); return li; }
      refresh(mine, li);
      return mine;
    });
    const kept = new Set(wanted);
    for (const li of here.values()) if (!kept.has(li)) { if (frozen) li.classList.add("gone"); else li.remove(); }
    if (!frozen) {
      const focused = document.activeElement;
      wanted.forEach((li, at) => { if (old.children[at] !== li) old.insertBefore(li, old.children[at] || null); });
      if (focused && old.contains(focused)) focused.focus({ preventScroll: true });
    }
    return arrived;
  }

  function refresh(mine, fresh) {
    Object.assign(mine.dataset, fresh.dataset);
    mine.classList.remove("gone");
    const link = mine.firstElementChild, other = fresh.firstElementChild;
    const current = link.getAttribute("aria-current");
    if (link.innerHTML !== other.innerHTML) link.innerHTML = other.innerHTML;
    link.className = other.className;
    link.href = other.getAttribute("href");
    if (current) link.setAttribute("aria-current", current);
  }

  function announce(arrived, frozen) {
    const strip = document.getElementById("arrivals");
    strip.replaceChildren();
    if (!arrived.length) return;
    const words = (arrived.length === 1 ? strip.dataset.one : strip.dataset.many).replace("{n}", arrived.length).replace("{name}", arrived[0].dataset.name);
    if (frozen) {
      const show = document.createElement("button");
      show.type = "button"; show.textContent = words;
      show.addEventListener("click", () => { settle(); rows()[0]?.focus(); });
      strip.append(show);
    } else {
      const said = document.createElement("span");
      said.className = "out"; said.textContent = words;
      strip.append(said);
    }
  }

  function settle() {
    if (!waiting) return;
    const fresh = waiting;
    waiting = null;
    announce(merge(fresh.cloneNode(true), false), false);
  }

  function calm(fragment) {
    const fresh = fragment.cloneNode(true);
    waiting = pointed ? fresh.cloneNode(true) : null;
    announce(merge(fresh, pointed), pointed);
    sayTitle();
    notePanel();
  }

  if (list) {
    htmx.registerExtension("calm", {
      handle_swap: (style, target, fragment) => {
        if (style !== "calm") return false;
        calm(fragment);
        return [];
      },
    });
    list.addEventListener("pointerenter", (event) => { pointed = event.pointerType === "mouse"; });
    list.addEventListener("pointerleave", () => { pointed = false; settle(); });
    sayTitle();
  }

  function sayTitle() {
    const urgent = document.querySelectorAll('.rows > li:not(.gone)[data-level="urgent"]').length;
    document.title = document.title.replace(/^\(\d+ !!!\) /, "");
    if (urgent) document.title = `(${urgent} !!!) ${document.title}`;
  }

  // --- The panel beside the list ---------------------------------------------------------------------------------------------------
  function open(link) {
    if (!wide.matches || !panel || !list) { location.href = link.href; return; }
    for (const row of rows()) row.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    history.replaceState(null, "", `/?open=${encodeURIComponent(key(link.parentElement))}`);
    panel.scrollTop = 0;
    htmx.ajax("GET", link.getAttribute("href"), { target: "#panel", swap: "innerHTML" });
  }

  function shown() { return panel?.querySelector(".panel"); }

  function notePanel() {
    const mine = shown();
    const row = mine && [...list.querySelectorAll(".rows > li")].find((li) => key(li) === mine.dataset.key);
    if (row && row.dataset.stamp !== mine.dataset.stamp) followPanel(row.firstElementChild.getAttribute("href"));
  }

  // News never wipes what somebody is writing: the panel says that it is old instead.
  function followPanel(address) {
    const written = [...panel.querySelectorAll("textarea, input:not([type=radio])")].some((field) => field.value !== field.defaultValue);
    const inside = panel.contains(document.activeElement) && document.activeElement.matches("input, textarea, select, summary");
    if (written || inside) panel.querySelector(".stale").hidden = false;
    else htmx.ajax("GET", address, { target: "#panel", swap: "innerMorph" });
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest(".row");
    if (link && wide.matches && list) { event.preventDefault(); open(link); }
    const again = event.target.closest("[data-refresh]");
    if (again) htmx.ajax("GET", again.dataset.refresh, { target: "#panel", swap: "innerHTML" });
  });

  if (!list && shown()) document.body.addEventListener("vigie:changed", (event) => { if (event.detail?.news) followPanel(location.pathname); });

  document.body.addEventListener("vigie:done", () => {
    if (!list) { location.href = "/"; return; }
    const all = rows();
    const at = all.findIndex((row) => row.hasAttribute("aria-current"));
    const next = all[at + 1] || all[at - 1];
    all[at]?.parentElement.remove();
    if (next) { open(next); next.focus({ preventScroll: true }); }
    htmx.trigger(document.body, "vigie:changed");
  });

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

  document.querySelector("[data-print]")?.addEventListener("click", () => print());

  // --- Keys ----------------------------------------------------------------------------------------------------------------------------
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

  const KEYS = {
    j: () => move(1), k: () => move(-1),
    p: () => document.getElementById("take")?.click(),
    a: () => unfold("do-call", "input, textarea"), n: () => unfold("do-close", "input, textarea"), s: () => unfold("do-wait", "input"),
    "/": () => document.getElementById("search")?.focus(), "?": () => help?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !help?.open) {
      (document.querySelector(".row[aria-current]") || rows()[0])?.focus();
      return;
    }
    if (typing(event.target) || help?.open || off?.checked) return;
    const act = KEYS[event.key.toLowerCase()];
    if (act) { event.preventDefault(); act(); }
  });
})();
