// Hands the reader in the frame the bytes it asks for, of this one document: it has no session to get any by itself.
(() => {
  "use strict";
  const frame = document.querySelector("iframe.pdf");
  const {document: address, size, reader} = frame.dataset;

  async function lend(port, begin, end) {
    let status = 0;
    try {
      // Whoever is logged out meanwhile would be led to the login; its page is no part of the document.
      const answer = await fetch(address, {headers: {Range: `bytes=${begin}-${end - 1}`}, redirect: "manual"});
      status = answer.type === "opaqueredirect" ? 401 : answer.status;
      if (status === 206) {
        const bytes = await answer.arrayBuffer();
        port.postMessage({begin, bytes}, [bytes]);
        return;
      }
    } catch {
      status = 0;
    }
    port.postMessage({status});
  }

  addEventListener("message", event => {
    if (event.source !== frame.contentWindow || event.data !== "ready") return;
    const {port1: ours, port2: theirs} = new MessageChannel();
    ours.onmessage = ({data: {begin, end}}) => {
      if (Number.isSafeInteger(begin) && Number.isSafeInteger(end)) lend(ours, begin, end);
    };
    // A frame without an origin can be written to only at any; what goes there is a number and a port.
    frame.contentWindow.postMessage({size: Number(size)}, "*", [theirs]);
  });
  frame.src = reader;
})();
