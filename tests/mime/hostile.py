"""Reads one hostile mail and prints seconds of CPU, growth in KiB and the number of parts; run on its own by a test.

`python -m tests.mime.hostile NAME`
"""

import resource
import sys
import time
from typing import BinaryIO

from maildock.mime.reader import read_message
from tests.mime.synthetic import Repeated

MIB = 1 << 20
HEAD = b"Subject: x\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
QP, BASE64, UU = (
    HEAD + b"Content-Transfer-Encoding: %s\r\n\r\n" % name for name in (b"quoted-printable", b"base64", b"x-uuencode")
)
NESTED = MIXED + b"".join(
    b'--b%s\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n'
    % (str(level - 1).encode() if level else b"", level)
    for level in range(1000)
)
PART = b"--b\r\nContent-Type: x/y%s\r\n\r\nx\r\n"

# Each is what comes first, what is repeated, for how many bytes, and what comes last.
MAILS: dict[str, tuple[bytes, bytes, int, bytes]] = {
    "ten thousand parts": (MIXED, PART % b"", 27 * 10_000, b"--b--\r\n"),
    "parts without end": (MIXED, b"--b\r\n", 20 * MIB, b""),
    "a thousand levels": (NESTED, b"a", 10, b""),
    "a header of 100 MiB": (HEAD, b"X-A: " + b"a" * 70 + b"\r\n", 100 * MIB, b"\r\nbody"),
    "one field of 100 MiB": (HEAD + b"X-A: ", b"a", 100 * MIB, b"\r\n\r\nbody"),
    "a field of folds": (HEAD + b"References: a", b"\r\n b", 20 * MIB, b"\r\n\r\nbody"),
    "a part's header of 50 MiB": (MIXED + b"--b\r\n", b"X-A: aaaaaaaa\r\n", 50 * MIB, b"\r\nbody"),
    "lines like boundaries": (MIXED, b"--b-\r\n", 6 * MIB, b""),
    "a boundary on one line": (MIXED, b"--b", 10 * MIB, b""),
    "boundaries and blanks": (MIXED, b"\r\n--b" + b" " * 300, 20 * MIB, b""),
    "lines of two dashes": (MIXED, b"--\r\n", 20 * MIB, b""),
    "a boundary of 1 MiB": (HEAD + b'Content-Type: multipart/mixed; boundary="', b"b", MIB, b'"\r\n\r\n--x\r\n'),
    "HTML of opening brackets": (HTML, b"<", 10 * MIB, b""),
    "HTML of attributes": (HTML, b"<img src=cid:a", 4 * MIB, b""),
    "HTML of pictures": (HTML, b"<img src='cid:a'>", 5 * MIB, b""),
    "HTML of CSS": (HTML + b"<style>", b"url(", 5 * MIB, b""),
    "HTML of endings": (HTML + b"<script>", b"</script", 5 * MIB, b""),
    "HTML with a long base": (HTML + b'<base href="http://a/' + b"b/" * 900 + b'">', b"<img src=a>", 5 * MIB, b""),
    "soft breaks and blanks": (QP, b"=" + b" " * 80, 20 * MIB, b""),
    "unfolded parameters": (HEAD + b"Content-Type: a/b", b";\r\nab=c", 900_000, b"\r\n\r\nbody"),
    "HTML of srcsets": (HTML, b'<img srcset="' + b"a," * 30_000 + b'">', 2 * MIB, b""),
    "HTML in UTF-7": (HTML.replace(b"html\r", b"html; charset=utf-7\r"), b"+A", 20 * MIB, b""),
    "encoded words": (MIXED, PART % (b'; name="' + b"=?utf-8?q?a?= " * 4000 + b'"'), 10 * MIB, b"--b--"),
    "openings of encoded words": (HEAD + b"From: ", b"=?", 900_000, b"\r\n\r\nbody"),
    "parameters": (MIXED, PART % (b";a*1=b" * 9000), 10 * MIB, b"--b--"),
    "addresses": (HEAD + b"To: ", b"a@b,", 900_000, b"\r\n\r\nbody"),
    "quotes that backslashes end": (HEAD, b'To: "' + b'\\"' * 32_765 + b"\\\r\n", 950_000, b"\r\nbody"),
    "opening angles": (HEAD + b"From: ", b"<", 900_000, b"\r\n\r\nbody"),
    "references": (HEAD + b"References: ", b"<a@b> ", 900_000, b"\r\n\r\nbody"),
    "a reference without brackets": (HEAD + b"In-Reply-To: ", b"a", 900_000, b"\r\n\r\nbody"),
    "uuencoding begun": (HEAD + b"\r\n", b"begin 644 a\n", 5 * MIB, b""),
    "uuencoded files": (HEAD + b"\r\n", b"begin 644 a\n#86)C\n`\nend\n", 5 * MIB, b""),
    "uuencoding without end": (HEAD + b"\r\nbegin 644 a\n", b"#86)C\n", 5 * MIB, b""),
    "a uuencoded part": (UU, b"#86)C\n", 5 * MIB, b""),
    "soft breaks": (QP, b"=\r", 20 * MIB, b""),
    "padding": (BASE64, b"QQ==\n", 2 * MIB, b""),
    "a text of 40 MiB": (HEAD + b"\r\n", b"hello world\n", 40 * MIB, b""),
}


def main() -> None:
    """Measure the mail that the command line names."""
    mail: BinaryIO = Repeated(*MAILS[sys.argv[1]])  # type: ignore[assignment]
    read_message(Repeated(HTML, b"<b>warm</b>", 2 * MIB))  # type: ignore[arg-type]
    before, start = _peak(), time.process_time()
    message = read_message(mail)
    sys.stdout.write(f"{time.process_time() - start} {_peak() - before} {len(message.parts)}")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
