"""Whatever tree a mail is, and whatever its texts hold: its files end up in the tables, each once, byte for byte."""

import hashlib
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import DOCUMENTS, EMAILS, Desk
from tests.mail import Mail, mail

# Header texts as strangers write them: anything but line ends, which would end the header.
texts = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
names = st.one_of(
    texts, st.sampled_from(["../../etc/passwd", "a\x00b.txt", "x" * 400 + ".pdf", "\u202egnp.exe", "CON"])
)
contents = st.binary(max_size=300)
types = st.sampled_from(["application/pdf", "image/png", "text/csv", "application/octet-stream", "not a type", ""])


@st.composite
def mails(draw: st.DrawFn, depth: int = 2) -> Mail:
    """Draw a mail with files, pictures and mails in it."""
    made = mail(draw(texts), text=draw(texts))
    for name, data, content_type in draw(st.lists(st.tuples(names, contents, types), max_size=4)):
        made = made.attach(name, data, content_type or "application/octet-stream")
    if depth and draw(st.booleans()):
        made = made.attach_mail(draw(mails(depth - 1)))
    if draw(st.booleans()):
        made = made.html(f"<p>{draw(texts)}<img src='cid:shown'></p>").inline("shown.png", b"shown", cid="shown")
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=mails())
async def test_every_file_of_a_generated_mail_is_stored_once(desk: Desk, made: Mail) -> None:
    before = Counter(row["document_id"] for row in await desk.all(DOCUMENTS))
    (receipt,) = await desk.ingest(made)
    (email,) = [email for email in await desk.all(EMAILS) if email["email_id"] == receipt.email_id]
    assert email["status"] == "filed"
    new = [row for row in await desk.all(DOCUMENTS) if row["document_id"] not in before]
    wanted = Counter(hashlib.sha256(part.data).hexdigest() for part in made.attachments)
    assert Counter(row["sha256"] for row in new) == wanted
    for row in new:
        assert row["name"]
        assert len(row["name"].encode()) <= 255
        assert not set(row["name"]) & set("/\\\x00\u202e\r\n")
