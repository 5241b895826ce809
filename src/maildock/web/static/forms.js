// A form that takes a while says so, and is sent once.
(() => {
  "use strict";
  for (const form of document.querySelectorAll("form[data-once]")) {
    const button = form.querySelector("button.primary"), label = button.textContent;
    form.addEventListener("submit", event => {
      if (button.ariaBusy === "true") { event.preventDefault(); return; }
      button.ariaBusy = "true";
      button.textContent = form.dataset.once;
    });
    // Whoever comes back by the browser's own button may send it again.
    addEventListener("pageshow", () => { button.ariaBusy = null; button.textContent = label; });
  }
})();
