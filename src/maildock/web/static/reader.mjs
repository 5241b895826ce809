// Shows a PDF by pdf.js, in a frame without an origin: what is in the PDF finds nothing here, and no way out.
// Of a long PDF only those parts are asked for that are looked at.
const script = document.querySelector("script[data-pdfjs]");
const at = new URL(script.dataset.pdfjs, location.href).href;
const pdfjs = await import(`${at}pdf.min.mjs`);
const {EventBus, PDFFindController, PDFLinkService, PDFViewer} = await import(`${at}pdf_viewer.mjs`);

const LARGEST_PICTURE = 1 << 26; // pixels; a larger one is left out, or it alone would take a gigabyte
const SMALLEST = 0.1, LARGEST = 8;
const NO_FOUND = 1, PENDING = 3; // of pdf.js: its words for how a search went

const $ = id => document.getElementById(id);
const tools = document.querySelector(".tools");
const say = text => { $("message").textContent = text; $("message").hidden = !text; };

function lost(status) {
  say(status === 401 ? "You are logged out. Load the page again to log in."
    : "The file could not be read to its end. Load the page again to try once more, or download it.");
}

class Lent extends pdfjs.PDFDataRangeTransport {
  constructor(port, size) {
    super(size, null);
    this.port = port;
    port.onmessage = ({data}) => {
      if (data.bytes) this.onDataRange(data.begin, data.bytes);
      else lost(data.status);
    };
  }

  requestDataRange(begin, end) {
    this.port.postMessage({begin, end});
  }
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
    say("The PDF is being opened.");
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
  const task = pdfjs.getDocument({
    range: new Lent(port, size), disableAutoFetch: true, disableStream: true,
    cMapUrl: `${at}cmaps/`, standardFontDataUrl: `${at}standard_fonts/`, wasmUrl: `${at}wasm/`, iccUrl: `${at}iccs/`,
    worker: pdfjs.PDFWorker.create({port: await worker()}),
    maxImageSize: LARGEST_PICTURE, verbosity: pdfjs.VerbosityLevel.ERRORS,
  });
  task.onPassword = unlocked;
  return task.promise;
}

function show(pdf) {
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
  eventBus.on("scalechanging", ({scale}) => { $("scale").textContent = `${Math.round(scale * 100)}%`; });
  wire(viewer, eventBus);
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
    if (state === NO_FOUND) $("found").textContent = "Nothing found";
    else if (state === PENDING) $("found").textContent = "…";
  });
}

function why(error) {
  return error instanceof pdfjs.InvalidPDFException
    ? "The PDF is damaged, or none. Download it to try another program."
    : "The PDF cannot be shown here. Download it to try another program.";
}

addEventListener("message", ({source, data, ports}) => {
  if (source !== parent || !ports.length) return;
  open(data.size, ports[0]).then(show).catch(error => { $("locked").hidden = true; say(why(error)); });
}, {once: true});
parent.postMessage("ready", "*");
