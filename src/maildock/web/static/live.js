// Keeps an open ticket up to date: the server says what has changed, and the documents are fetched anew.
(() => {
  "use strict";
  const place = document.querySelector("[data-events]");
  if (!place) return;
  const news = document.querySelector("[data-news]");
  const source = new EventSource(place.dataset.events);
  let due = false;

  async function refresh() {
    // A person who is using the panel must not lose their place in it.
    due = place.contains(document.activeElement);
    if (due) return;
    const open = [...place.querySelectorAll("details[open]")].map(each => each.id);
    await htmx.ajax("GET", place.dataset.live, { target: place, swap: "innerHTML" });
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  }

  source.addEventListener("files", refresh);
  source.addEventListener("said", () => { if (news) news.hidden = false; });
  place.addEventListener("focusout", () => setTimeout(() => { if (due) refresh(); }));
  // Whoever is logged out meanwhile is led to the login, and must not find it inside the panel.
  place.addEventListener("htmx:beforeSwap", event => {
    const led = new URL(event.detail.xhr.responseURL).pathname;
    if (led !== place.dataset.live) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  setInterval(() => {
    for (const each of place.querySelectorAll("[data-seconds]")) {
      each.textContent = each.dataset.seconds = Math.max(each.dataset.seconds - 1, 0);
    }
  }, 1000);
  addEventListener("pagehide", () => source.close());
})();
