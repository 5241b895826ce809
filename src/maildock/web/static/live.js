// Keeps an open ticket up to date: the server says what has changed, and the documents are fetched anew.
(() => {
  "use strict";
  const place = document.querySelector("[data-events]");
  if (!place) return;
  const news = document.querySelector("[data-news]");
  let source = null;
  let due = false;

  // What can be found again by the id of it, or of what it stands in.
  function focused() {
    const active = document.activeElement;
    if (!place.contains(active)) return { again() {} };
    const holder = active.closest("[id]");
    if (holder === place) return null;
    const { id } = holder, within = holder === active ? "" : active.localName;
    return {
      again() {
        const found = document.getElementById(id);
        (within ? found?.querySelector(within) : found)?.focus({ preventScroll: true });
      },
    };
  }

  const isSelecting = () => !getSelection().isCollapsed && place.contains(getSelection().anchorNode);

  async function refresh() {
    // A person who is using the panel must not lose their place in it.
    const focus = focused();
    due = !focus || isSelecting();
    if (due) return;
    const open = [...place.querySelectorAll("details[open]")].map(each => each.id);
    await htmx.ajax("GET", place.dataset.live, { target: place, swap: "innerHTML" });
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    focus.again();
    const jump = document.querySelector(".jump"), count = place.querySelector("[data-documents]");
    if (jump && count) jump.textContent = count.dataset.documents;
  }

  // A browser has six connections for all its pages of one address, so only pages that are seen hold one. The server
  // tells whoever comes back how things are, and what has changed meanwhile is fetched.
  function listen() {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource(place.dataset.events);
      source.addEventListener("files", refresh);
      source.addEventListener("said", () => { if (news) news.hidden = false; });
    }
  }

  listen();
  document.addEventListener("visibilitychange", listen);
  const again = () => setTimeout(() => { if (due) refresh(); });
  place.addEventListener("focusout", again);
  document.addEventListener("selectionchange", again);
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
      const left = each.dataset.seconds = Math.max(each.dataset.seconds - 1, 0);
      each.textContent = left ? `in ${left} s` : "now";
    }
  }, 1000);
  addEventListener("pagehide", () => source?.close());
})();
