// The panel beside the list: opening, following what others do, the next row after a close, ten seconds to take an act back.
"use strict";
(() => {
  const { list, rows, key } = window.ward;
  const panel = document.getElementById("panel");
  const wide = matchMedia("(min-width: 1200px)");

  // --- The panel beside the list ---------------------------------------------------------------------------------------------------
  function open(link) {
    if (!wide.matches || !panel || !list) { location.href = link.href; return; }
    for (const row of rows()) row.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    panel.scrollTop = 0;
    htmx.ajax("GET", link.getAttribute("href"), { target: "#panel", swap: "innerHTML" });
  }

  function shown() { return panel?.querySelector(".panel"); }

  // The address and the marked row are those of what is shown: after a close that was the last, after an act taken back, too.
  function follow() {
    if (!list || !panel || !wide.matches) return;
    const mine = shown()?.dataset.key || "";
    if (mine === (new URLSearchParams(location.search).get("open") || "")) return;
    history.replaceState(null, "", mine ? `/?open=${encodeURIComponent(mine)}` : "/");
    if (!mine) return; // the row that was closed stays marked until the next one is found from it
    for (const row of rows()) row.removeAttribute("aria-current");
    rows().find((row) => key(row.parentElement) === mine)?.setAttribute("aria-current", "true");
  }
  document.addEventListener("htmx:after:swap", follow);

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

  document.addEventListener("vigie:list", notePanel);

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest(".row");
    if (link && wide.matches && list) { event.preventDefault(); open(link); }
    const again = event.target.closest("[data-refresh]");
    if (again) htmx.ajax("GET", again.dataset.refresh, { target: "#panel", swap: "innerHTML" });
  });

  if (!list && shown()) document.body.addEventListener("vigie:changed", (event) => { if (event.detail?.news) followPanel(location.pathname); });

  // After a close the first row opens that no colleague has: taking one slides it below those that nobody has, and "next" downwards from
  // there would go past them. A row in which something is left to do keeps its place: its new order comes with the list.
  function goOn(isGone) {
    if (!list) { location.href = "/"; return; }
    const all = rows();
    const at = all.findIndex((row) => row.hasAttribute("aria-current"));
    const next = all.find((row, place) => place !== at && !row.classList.contains("theirs")) || all[at + 1] || all[at - 1];
    if (isGone) all[at]?.parentElement.remove();
    if (next) { open(next); next.focus({ preventScroll: true }); next.scrollIntoView({ block: "nearest" }); }
    htmx.trigger(document.body, "vigie:changed");
  }
  document.body.addEventListener("vigie:done", () => goOn(true));
  document.body.addEventListener("vigie:next", () => goOn(false));

  // --- Ten seconds to take an act back (the house counts them too) --------------------------------------------------------------------
  const toast = document.getElementById("toast");
  const UNDO = 10000;
  let leaving = 0;
  if (toast) new MutationObserver(() => {
    clearTimeout(leaving);
    if (toast.firstElementChild) leaving = setTimeout(() => toast.replaceChildren(), UNDO);
  }).observe(toast, { childList: true });
})();
