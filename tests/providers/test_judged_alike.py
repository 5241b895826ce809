"""Parts are judged alike from raw mail, from Gmail's tree and from Graph's list."""

import io

import pytest

from maildock.domain.eligibility import judge
from maildock.domain.message import InboundMessage
from maildock.mime.reader import read_message
from maildock.providers.base import EmailRef
from tests.mail import Mail
from tests.mime.corpus import CORPUS, manifest, needs_corpus
from tests.mime.test_corpus import POLICY
from tests.providers.judged_mails import JUDGED
from tests.providers.vendors import MailboxDesk

MISLEADING = {
    "html_cid_image",
    "inline_but_file",
    "cid_but_file",
    "gmail_content_id",
    "apple_inline_pdf",
    "no_disposition",
    "signature_logo",
    "attachment_disposition_but_inline",
}

# The local servers read MIME by the standard library, which takes these apart in its own way.
BROKEN = {"broken_boundary", "broken_headers"}
TYPES = ("image/", "application/", "audio/", "video/")

Files = list[tuple[str, str | None]]


def judged(message: InboundMessage) -> Files:
    """Give the type of each file that is no text, and why it is skipped."""
    parts = judge(message.parts, POLICY)
    return [(one.part.content_type, one.skip) for one in parts if one.part.content_type.startswith(TYPES)]


def from_raw(raw: bytes) -> Files:
    return judged(read_message(io.BytesIO(raw)))


async def from_vendor(box: MailboxDesk, sent: Mail | bytes) -> Files:
    email = EmailRef(box.desk.tenant.tenant, box.provider_id, box.vendor.deliver(sent))
    return judged(await box.desk.context.remote(box.vendor.kind).fetch(email))


@pytest.mark.parametrize("name", JUDGED)
async def test_misleading_marks_mislead_nobody(box: MailboxDesk, name: str) -> None:
    sent, skip = JUDGED[name]
    raw = sent if isinstance(sent, bytes) else sent.raw()
    assert [one for _, one in from_raw(raw)] == [skip]
    assert await from_vendor(box, sent) == from_raw(raw)


@needs_corpus
async def test_misleading_mails_of_the_corpus_are_judged_alike(box: MailboxDesk) -> None:
    rows = [row for row in manifest("manifest.jsonl") if MISLEADING & {*row["flags"]} and not BROKEN & {*row["flags"]}]
    found: Files = []
    for row in rows:
        raw = (CORPUS / row["file"]).read_bytes()
        here = from_raw(raw)
        assert await from_vendor(box, raw) == here, row["file"]
        found += here
    assert {skip for _, skip in found} >= {None, "inline"}
