// The live list: what changed elsewhere comes in without moving the row under the pointer.
"use strict";
window.ward = (() => {
  const list = document.getElementById("list");
  const rows = () => [...document.querySelectorAll(".rows > li:not(.gone) > .row")];

  // --- A list that never moves the row under the pointer -------------------------------------------------------------------------
  let pointed = false;
  let waiting = null;
  const key = (li) => li.dataset.key;

  function merge(fresh, frozen) {
    const old = list.querySelector(".rows");
    const now = fresh.querySelector(".rows");
    const counts = fresh.querySelector(".counts");
    list.querySelector(".counts").replaceWith(counts);
    follow(fresh.querySelector(".list-more"), list.querySelector(".list-more"));
    if (!old || !now) {
      list.querySelector(".rows, .empty").replaceWith(now || fresh.querySelector(".empty"));
      ended(fresh);
      return [];
    }
    ended(fresh);
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

  // What stands over the rows: it may grow and push them down, so while a row is pointed at it only changes where it has its size.
  function follow(fresh, mine) {
    if (!fresh || !mine || mine.innerHTML === fresh.innerHTML) return;
    const opened = mine.querySelector("details[open]");
    if (!pointed && !(mine.contains(document.activeElement) || opened)) mine.replaceWith(fresh);
  }

  function ended(fresh) {
    list.querySelector(".list-end")?.remove();
    const end = fresh.querySelector(".list-end");
    if (end) list.append(end);
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
    document.dispatchEvent(new CustomEvent("vigie:list"));
  }

  if (list) {
    // A list cut short on its way (the house fell silent in the middle of it) has no end: it is asked for again, and looks old meanwhile.
    if (list.querySelector(".rows") && !list.querySelector(".list-end")) htmx.trigger(document.body, "vigie:changed");
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

  return { list, rows, key, settle };
})();
