"""Mails whose parts are marked in ways that mislead, and what each file in them is."""

from tests.mail import Mail, mail

LOGO = mail("Logo").html('<img src="cid:logo@x">').inline("logo.png", b"png", cid="logo@x")
COMPOSER = mail("Composer").html("<p>See the file</p>").attach("scan.pdf", b"%PDF", cid="f_lx8k2j0")
APPLE = mail("Apple").html("<p>Hi</p>").attach("Invoice.pdf", b"%PDF", disposition="inline")
IPHONE = (
    mail("Photo")
    .html("<p>Sent from my iPhone</p>")
    .attach("IMG_1.jpeg", b"jpg", disposition="inline", cid="AA-BB@icloud")
)
OUTLOOK = (
    b"From: a@b.example\r\nSubject: Outlook\r\nMessage-ID: <o@x>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related; boundary="r"\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n'
    b"<img src=3D'cid:image001.png@01'><img src='cid:image001.png@01'>\r\n--r\r\n"
    b'Content-Type: image/png; name="image001.png"\r\nContent-ID: <image001.png@01>\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\ncG5n\r\n--r--\r\n"
)

# What becomes of the one file in each: the reason to skip it.
JUDGED: dict[str, tuple[Mail | bytes, str | None]] = {
    "the HTML shows a logo": (LOGO, "inline"),
    "Gmail's composer gives a file a Content-ID": (COMPOSER, None),
    "Apple Mail says inline of a PDF": (APPLE, None),
    "an iPhone says inline of a photo and gives it a Content-ID": (IPHONE, None),
    "Outlook says nothing of a picture that the HTML shows": (OUTLOOK, "inline"),
}
