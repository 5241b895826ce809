// Keeps the documents of an open ticket up to date while files are being stored.
(() => {
  "use strict";
  const place = document.querySelector("[data-live]");
  if (!place) return;
  const moving = () => place.querySelector("[data-moving]") !== null;
  const MOST = 15000;
  let delay = 700;

  async function refresh() {
    if (!moving()) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(place.dataset.live, { redirect: "manual", credentials: "same-origin" });
        if (!answer.ok) return;
        const html = await answer.text();
        // A person who is using the panel must not lose their place in it.
        if (!place.contains(document.activeElement)) {
          const fresh = new DOMParser().parseFromString(html, "text/html");
          place.replaceChildren(...fresh.body.children);
        }
      } catch {
        // The service is away for a moment; the next round finds out.
      }
    }
    delay = Math.min(delay * 1.25, MOST);
    setTimeout(refresh, delay);
  }
  setTimeout(refresh, delay);
})();
