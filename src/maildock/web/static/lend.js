// Hands the reader in the frame the bytes it asks for, of this one document: it has no session to get any by itself.
(() => {
  "use strict";
  const frame = document.querySelector("iframe.pdf");
  const {document: address, reader} = frame.dataset, size = Number(frame.dataset.size);
  const SILENT = 30_000; // milliseconds without an answer, or without any more of it

  async function ask(begin, end) {
    const stop = new AbortController();
    let late = setTimeout(() => stop.abort(), SILENT);
    // Whoever is logged out meanwhile would be led to the login; its page is no part of the document.
    const answer = await fetch(address, {
      headers: {Range: `bytes=${begin}-${end - 1}`}, redirect: "manual", signal: stop.signal,
    });
    const bytes = new Uint8Array(end - begin);
    let got = 0;
    try {
      if (answer.status !== 206) return {status: answer.type === "opaqueredirect" ? 401 : answer.status};
      for (const pieces = answer.body.getReader(); ;) {
        const {done, value} = await pieces.read();
        if (done) break;
        clearTimeout(late);
        late = setTimeout(() => stop.abort(), SILENT);
        bytes.set(value, got);
        got += value.length;
      }
    } finally {
      clearTimeout(late);
      if (got < bytes.length) stop.abort();
    }
    return got === bytes.length ? {bytes: bytes.buffer} : {status: 0};
  }

  async function lend(port, begin, end) {
    const lent = await ask(begin, end).catch(() => ({status: 0}));
    port.postMessage({...lent, begin, end}, lent.bytes ? [lent.bytes] : []);
  }

  addEventListener("message", event => {
    if (event.source !== frame.contentWindow || event.data !== "ready") return;
    clearTimeout(waiting);
    const {port1: ours, port2: theirs} = new MessageChannel();
    ours.onmessage = ({data}) => {
      const {begin, end} = data ?? {};
      const within = Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin < end && end <= size;
      if (within) lend(ours, begin, end);
    };
    // A frame without an origin can be written to only at any; what goes there is a number and a port.
    frame.contentWindow.postMessage({size}, "*", [theirs]);
  });
  const waiting = setTimeout(() => { document.querySelector("[data-unread]").hidden = false; }, SILENT);
  frame.src = reader;
})();
