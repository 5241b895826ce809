"""Large files of a Gmail mailbox over TLS: out of the JSON of `attachments.get`, and out of a raw message in JSON."""

from collections.abc import Iterator

from scripts.bench.figure import Figure, Measurement
from scripts.bench.ground import Ground
from scripts.bench.mails import MIB, write_mail
from scripts.bench.vendor import served

# An attached mail is longer by a third than the file in it, and may be no longer than any other file.
STREAMS = {
    "an attachment of 100 MiB (`attachments.get`)": ("base64", 100 * MIB),
    "an attached mail of 96 MiB (`format=raw`)": ("attached mail", 70 * MIB),
}
ROUNDS = 3

HOW = (
    "A local Gmail in a process of its own, over TLS, has mails with one large file each. A worker in another process,"
    " warmed with 4 MiB and then idle, asks for changes, reads the mail, decodes the file out of Gmail's JSON and"
    " stores it durably: an attachment, and an attached mail, which is cut out of the raw message. The kernel's peak"
    " (`VmHWM`) is reset before and read after. Of memory and of the event loop's lag (p50) the worst round counts."
)


def _run(base: Ground) -> Iterator[Figure]:
    lags = []
    with served(base, "gmail", "tests.servers.gmail") as gmail:
        for kind, _ in STREAMS.values():
            gmail.take(write_mail(base.folder / f"warm {kind}.eml", [4 * MIB], kind))
        for what, (kind, size) in STREAMS.items():
            mails = (write_mail(base.folder / f"{kind} {number}.eml", [size], kind) for number in range(ROUNDS))
            taken = [gmail.take(mail)[1] for mail in mails]
            lags += [one.lag for one in taken]
            grown = max(one.grown for one in taken)
            yield Figure(f"5. memory, one Gmail stream, {what}: growth over warm idle", grown, "MB", 8)
    yield Figure("5. lag of the event loop meanwhile (p50), Gmail", max(lags), "ms", 10)


MEASUREMENT = Measurement(HOW, _run)
