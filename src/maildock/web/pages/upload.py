"""An uploaded file, taken from its form with a bound on what it may take up."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from maildock.domain.errors import MessageTooLarge
from maildock.web.pages.refusals import bad_request

_ROUND_ABOUT = 16 * 1024  # bytes of a form around its one file


@dataclass(frozen=True, slots=True)
class Upload:
    """The file of a form, and the form's signature."""

    file: UploadFile
    csrf: str


@contextlib.asynccontextmanager
async def read_upload(request: Request, most: int) -> AsyncIterator[Upload]:
    """Read a form of one file, kept on disk beyond 1 MiB until this ends; `MessageTooLarge` beyond `most` bytes."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise bad_request()
    parser = MultiPartParser(request.headers, _limited(request, most + _ROUND_ABOUT), max_files=1, max_fields=5)
    try:
        form = await parser.parse()
    except MultiPartException:
        raise bad_request() from None
    try:
        file, csrf = form.get("file"), form.get("csrf")
        if not isinstance(file, UploadFile) or not isinstance(csrf, str):
            raise bad_request()
        yield Upload(file, csrf)
    finally:
        await form.close()


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > most:
            raise MessageTooLarge
        yield chunk
