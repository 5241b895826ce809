"""Every mail of the corpus, all the way through: the tables hold what the reader found, byte for byte."""

import hashlib

from maildock.domain.message import PartKind
from tests.desk import EMAILS, Desk
from tests.mime.corpus import CORPUS, manifest, needs_corpus
from tests.mime.test_corpus import read

MAILS = manifest("manifest.jsonl")


@needs_corpus
async def test_every_mail_of_the_corpus_is_filed_and_every_file_in_it_is_a_document(desk: Desk) -> None:
    receipts = await desk.ingest(*((CORPUS / mail["file"]).read_bytes() for mail in MAILS))
    assert {email["status"] for email in await desk.all(EMAILS)} <= {"filed", "duplicate"}
    ledger = await desk.all(
        "SELECT email_id, attachment_id, status, reason, sha256 FROM email_processed_attachments"
        " WHERE tenant = %(tenant)s"
    )
    found = {(row["email_id"], row["attachment_id"]): row for row in ledger}
    for mail, receipt in zip(MAILS, receipts, strict=True):
        for judged, data in read(mail):
            row = found[receipt.email_id, judged.part.attachment_id]
            if judged.skip:
                assert (row["status"], row["reason"]) == ("skipped", judged.skip)
            elif judged.part.kind is PartKind.FILE:
                assert row["status"] == "stored" or row["reason"] == "duplicate"
                assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert {row["status"] for row in ledger} == {"stored", "skipped"}
    assert (await desk.fsck()).clean
