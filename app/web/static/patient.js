// Reads the page aloud. Everything works without it: the button appears only where the browser can speak.
(() => {
  const button = document.getElementById("listen");
  if (!button || !("speechSynthesis" in window) || !("SpeechSynthesisUtterance" in window)) return;
  const label = button.textContent;
  const stop = () => { speechSynthesis.cancel(); button.textContent = label; button.setAttribute("aria-pressed", "false"); };
  const text = () => [...document.querySelectorAll("[data-say]")]
    .map((one) => one.innerText.trim().replace(/\s+/g, " ")).filter(Boolean).join(". ");
  button.hidden = false;
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") return stop();
    const said = new SpeechSynthesisUtterance(text());
    said.lang = document.documentElement.lang;
    said.rate = 0.9; // a little slower than ordinary talk
    said.onend = said.onerror = stop;
    speechSynthesis.cancel();
    speechSynthesis.speak(said);
    button.textContent = button.dataset.stop;
    button.setAttribute("aria-pressed", "true");
  });
  addEventListener("pagehide", () => speechSynthesis.cancel());
})();
