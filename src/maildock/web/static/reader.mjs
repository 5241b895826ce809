// Shows a PDF by pdf.js, in a frame without an origin: what is in the PDF finds nothing here, and no way out.
// Of a long PDF only those parts are asked for that are looked at.
const script = document.querySelector("script[data-pdfjs]");
const at = new URL(script.dataset.pdfjs, location.href).href;

// No policy keeps these from the network, should a hole in pdf.js be found.
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"]) delete window[name];

const MOST_PAGES = 10_000; // for each of which the viewer makes some elements at once
const MOST_NOTES = 1000; // links and the like on a page, each an element too
const DRAWN_WITHIN = 30_000; // milliseconds; what takes longer to draw may never end
const LARGEST_PICTURE = 1 << 26; // pixels; a larger one is left out, or it alone would take a gigabyte
const SMALLEST = 0.1, LARGEST = 8;
const AGAIN = 5000, AGAIN_AT_MOST = 60_000; // milliseconds until a piece is asked for once more
const OPENING = "The PDF is being opened.";

const $ = id => document.getElementById(id);
const tools = document.querySelector(".tools");
const say = text => { $("message").textContent = text; $("message").hidden = !text; };

const awaited = new Set(); // where the pieces begin that have not come
let pdfjs, viewing;

async function load() {
  pdfjs = await import(`${at}pdf.min.mjs`);
  viewing = await import(`${at}pdf_viewer.mjs`);
}

function lent(port, size) {
  const range = new pdfjs.PDFDataRangeTransport(size, null);
  const missing = new Set();
  let wait = AGAIN;
  range.requestDataRange = (begin, end) => {
    awaited.add(begin);
    port.postMessage({begin, end});
  };
  port.onmessage = ({data: {begin, end, bytes, status}}) => {
    if (bytes) {
      if (missing.delete(begin) && !missing.size) say(tools.hidden ? OPENING : "");
      awaited.delete(begin);
      wait = AGAIN;
      range.onDataRange(begin, bytes);
    } else if (status === 401) {
      say("You are logged out. Load the page again to log in.");
    } else {
      // pdf.js asks for each piece once, and waits.
      missing.add(begin);
      say("The file could not be read to its end. It is tried again by itself.");
      setTimeout(() => port.postMessage({begin, end}), wait);
      wait = Math.min(wait * 2, AGAIN_AT_MOST);
    }
  };
  return range;
}

// To a frame without an origin every script is another's, which no worker may begin with: this one begins with a line of
// its own, and fetches it. (Chromium lets such a worker be no module.) What is said to it before it listens is lost.
async function worker() {
  const line = `import(${JSON.stringify(`${at}pdf.worker.min.mjs`)}).catch(() => postMessage(null));`;
  const started = new Worker(URL.createObjectURL(new Blob([line], {type: "text/javascript"})));
  await new Promise((resolve, reject) => {
    started.onmessage = ({data}) => { if (data) resolve(); else reject(new Error("no worker")); };
    started.onerror = reject;
  });
  started.onmessage = started.onerror = null;
  return started;
}

function unlocked(update, reason) {
  const send = () => {
    $("locked").hidden = true;
    say(OPENING);
    update($("password").value);
  };
  say("");
  $("locked").hidden = false;
  $("refused").textContent = reason === pdfjs.PasswordResponses.INCORRECT_PASSWORD ? "That is not its password." : "";
  $("unlock").onclick = send;
  $("password").onkeydown = event => { if (event.key === "Enter") send(); };
  $("password").select();
}

async function open(size, port) {
  const started = await worker();
  const task = pdfjs.getDocument({
    range: lent(port, size), disableAutoFetch: true, disableStream: true,
    cMapUrl: `${at}cmaps/`, standardFontDataUrl: `${at}standard_fonts/`, wasmUrl: `${at}wasm/`, iccUrl: `${at}iccs/`,
    worker: pdfjs.PDFWorker.create({port: started}),
    maxImageSize: LARGEST_PICTURE, verbosity: pdfjs.VerbosityLevel.ERRORS,
  });
  task.onPassword = unlocked;
  const stop = () => {
    task.destroy();
    started.terminate();
  };
  const pdf = await task.promise;
  await bound(pdf).catch(error => {
    stop();
    throw error;
  });
  return {pdf, stop};
}

async function bound(pdf) {
  // How many pages there are is what the PDF says; it is believed once the first is there.
  if (pdf.numPages > MOST_PAGES) throw new Error("too many pages");
  const kind = Object.getPrototypeOf(await pdf.getPage(1)), {getAnnotations} = kind;
  // The viewer has no bound of its own here.
  kind.getAnnotations = async function (...wanted) {
    return (await getAnnotations.apply(this, wanted)).slice(0, MOST_NOTES);
  };
}

// A few kilobytes can ask for more drawing than anybody has time or memory for.
function watch(eventBus, stop) {
  let late = 0;
  const wait = () => {
    clearTimeout(late);
    late = setTimeout(() => {
      // A slow network is no fault of the PDF's.
      if (awaited.size) return wait();
      stop();
      say(why());
    }, DRAWN_WITHIN);
  };
  eventBus.on("pagerender", wait);
  eventBus.on("pagerendered", () => clearTimeout(late));
}

function show({pdf, stop}) {
  const {EventBus, PDFFindController, PDFLinkService, PDFViewer} = viewing;
  const eventBus = new EventBus(), linkService = new PDFLinkService({eventBus});
  // A link would lead out of the frame, which is not allowed to follow it.
  linkService.externalLinkEnabled = false;
  const findController = new PDFFindController({eventBus, linkService});
  const viewer = new PDFViewer({
    container: $("container"), viewer: $("viewer"), eventBus, linkService, findController,
    annotationMode: pdfjs.AnnotationMode.ENABLE, annotationEditorMode: pdfjs.AnnotationEditorType.DISABLE,
    imageResourcesPath: `${at}images/`, enableAutoLinking: false,
  });
  linkService.setViewer(viewer);
  eventBus.on("pagesinit", () => { viewer.currentScaleValue = "auto"; });
  eventBus.on("pagechanging", ({pageNumber}) => {
    $("page").value = pageNumber;
    $("previous").disabled = pageNumber <= 1;
    $("next").disabled = pageNumber >= pdf.numPages;
  });
  eventBus.on("scalechanging", ({scale}) => {
    // A link within the PDF may ask for any.
    if (scale > LARGEST) { viewer.currentScale = LARGEST; return; }
    $("scale").textContent = `${Math.round(scale * 100)}%`;
  });
  wire(viewer, eventBus);
  search(eventBus, viewing.FindState);
  watch(eventBus, stop);
  viewer.setDocument(pdf);
  linkService.setDocument(pdf);
  $("page").value = 1;
  $("pages").textContent = pdf.numPages;
  $("previous").disabled = true;
  $("next").disabled = pdf.numPages <= 1;
  tools.hidden = false;
  say("");
}

function wire(viewer, eventBus) {
  $("previous").onclick = () => viewer.previousPage();
  $("next").onclick = () => viewer.nextPage();
  $("page").onchange = () => {
    const asked = Number($("page").value);
    if (Number.isInteger(asked) && asked >= 1 && asked <= viewer.pagesCount) viewer.currentPageNumber = asked;
    else $("page").value = viewer.currentPageNumber;
  };
  $("smaller").onclick = () => { viewer.currentScale = Math.max(SMALLEST, viewer.currentScale / 1.2); };
  $("larger").onclick = () => { viewer.currentScale = Math.min(LARGEST, viewer.currentScale * 1.2); };
  $("fit").onclick = () => { viewer.currentScaleValue = "page-width"; };
  // What fits a window is fitted anew when the window changes.
  addEventListener("resize", () => {
    if (["auto", "page-width"].includes(viewer.currentScaleValue)) viewer.currentScaleValue = viewer.currentScaleValue;
  });
}

function search(eventBus, FindState) {
  const find = (type, back = false) => {
    $("found").textContent = "";
    eventBus.dispatch($("find").value ? "find" : "findbarclose", {
      type, query: $("find").value, caseSensitive: false, entireWord: false, highlightAll: true, findPrevious: back,
    });
  };
  $("find").oninput = () => find("");
  $("find").onkeydown = event => { if (event.key === "Enter") find("again", event.shiftKey); };
  const count = ({current, total}) => { if (total) $("found").textContent = `${current} of ${total}`; };
  eventBus.on("updatefindmatchescount", ({matchesCount}) => count(matchesCount));
  eventBus.on("updatefindcontrolstate", ({state, matchesCount}) => {
    count(matchesCount);
    if (state === FindState.NOT_FOUND) $("found").textContent = "Nothing found";
    else if (state === FindState.PENDING) $("found").textContent = "…";
  });
}

function why(error) {
  return error instanceof pdfjs.InvalidPDFException
    ? "The PDF is damaged, or none. Download it to try another program."
    : "The PDF cannot be shown here. Download it to try another program.";
}

function begin({source, data, ports}) {
  // Extensions of the browser may talk here, too.
  if (source !== parent || !ports.length) return;
  removeEventListener("message", begin);
  open(data.size, ports[0]).then(show).catch(error => { $("locked").hidden = true; say(why(error)); });
}

if (parent === window) {
  say("This page shows the PDFs of others, and has none itself.");
} else {
  load().then(() => {
    addEventListener("message", begin);
    parent.postMessage("ready", "*");
  }, () => say("The reader could not be loaded. Load the page again, or download the PDF."));
}
