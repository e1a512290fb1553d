// A sound each minute while an urgent alert waits for somebody; off until the reader has allowed it on this screen.
"use strict";
(() => {
  const button = document.getElementById("sound");
  if (!button) return;
  const MINUTE = 60000;
  const waits = () => document.querySelector('.rows > li:not(.gone)[data-level="urgent"] > .row:not(.held), .urgent-outside');
  let voice = null;

  const allowed = () => localStorage.getItem("sound") === "on";
  const show = () => button.setAttribute("aria-pressed", String(allowed()));

  function wake() {
    if (!allowed()) return;
    voice ||= new AudioContext();
    voice.resume();
  }

  function ring() {
    document.body.dataset.rang = String(Number(document.body.dataset.rang || 0) + 1);
    if (voice?.state !== "running") return;
    for (const [after, pitch] of [[0, 880], [0.25, 660]]) {
      const tone = voice.createOscillator(), loud = voice.createGain();
      tone.frequency.value = pitch;
      loud.gain.value = 0.12;
      tone.connect(loud).connect(voice.destination);
      tone.start(voice.currentTime + after);
      tone.stop(voice.currentTime + after + 0.18);
    }
  }

  button.hidden = false;
  button.addEventListener("click", () => { localStorage.setItem("sound", allowed() ? "off" : "on"); show(); wake(); if (allowed() && waits()) ring(); });
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, wake, { once: true });
  setInterval(() => { if (allowed() && waits()) ring(); }, MINUTE);
  show();
})();
