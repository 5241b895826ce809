// Shows a check's steps in the mailbox's own card as they are done; without this, a page of its own shows them.
(() => {
  "use strict";
  for (const form of document.querySelectorAll("form[data-check]")) {
    form.addEventListener("submit", event => {
      event.preventDefault();
      if (!form.ariaBusy) check(form, document.getElementById(form.dataset.check));
    });
  }

  async function check(form, place) {
    const steps = place.querySelector(".steps"), outcome = place.querySelector("[data-outcome]");
    form.ariaBusy = "true";
    place.hidden = false;
    steps.replaceChildren();
    outcome.textContent = "Checking …";
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.action, { method: "POST", headers: { Accept: "text/event-stream" }, body });
      if (!answer.ok || !answer.headers.get("content-type").startsWith("text/event-stream")) { form.submit(); return; }
      for await (const [name, html] of events(answer.body)) {
        if (name === "step") steps.insertAdjacentHTML("beforeend", html);
        if (name === "outcome") outcome.innerHTML = html;
      }
    } catch {
      outcome.textContent = "The connection broke off. Check again in a while.";
    } finally {
      form.ariaBusy = null;
    }
  }

  async function* events(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const found = /^event: (.+)\ndata: (.*)$/.exec(block);
        if (found) yield [found[1], found[2]];
      }
    }
  }
})();
