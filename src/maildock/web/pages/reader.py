"""`/reader`: what shows a PDF inside a frame, and holds nothing of anybody: it is handed the bytes to show."""

from fastapi import APIRouter, Response

from maildock.web.pages.rendering import page

router = APIRouter(include_in_schema=False)

# The frame has no origin of its own, so no session and no way to what a session opens; it may ask this server, as
# anybody may, and nobody else. Some pictures in PDFs are decoded by WebAssembly.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'; style-src 'self';"
    " img-src 'self' data: blob:; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self';"
    " sandbox allow-scripts"
)


@router.get("/reader")
async def show() -> Response:
    """Give the empty reader; it is the same for everybody."""
    return page("reader.html", headers={"Content-Security-Policy": _POLICY, "X-Robots-Tag": "noindex"})
