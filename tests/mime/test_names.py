import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maildock.mime.filetypes import extension
from maildock.mime.names import LONGEST, clean_name
from tests.mail import mail
from tests.mime.trees import read

PDF = "application/pdf"
names = st.text(max_size=400) | st.text(alphabet="./\\:. \u202e\u0301\t\r\nCa%=?\x00\x7f\ud800", max_size=30)


@given(raw=names)
@example(raw="\ud83d\ude00" * 300)
@example(raw="\\\rA:")
@example(raw="a" * 255 + "\u0301.pdf")
def test_a_name_is_safe_whatever_was_claimed(raw: str) -> None:
    name = clean_name(raw, PDF, "attachment-1")
    assert 0 < len(name.encode()) <= LONGEST
    assert name.strip() == name
    assert name.strip(".")
    assert not set(name) & set("/\\\x00\n\r\t\x7f\u202e\u2066")
    assert not [char for char in name if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert unicodedata.normalize("NFC", name) == name
    assert clean_name(name, PDF, "attachment-1") == name


@given(stem=st.text(alphabet="a\u00e9\u4e2d\U0001f600 .", min_size=1, max_size=300))
def test_the_extension_outlives_the_cut(stem: str) -> None:
    assert clean_name(f"x{stem}x.docx", PDF, "a").endswith(
        "x.docx" if len(f"x{stem}x.docx".encode()) <= 255 else ".docx"
    )


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ann\\scan.pdf", "scan.pdf"),
        ("C:scan.pdf", "scan.pdf"),
        ("R: scan.pdf", "R: scan.pdf"),
        ("\\\\server\\share\\scan.pdf", "scan.pdf"),
        ("folder/", "folder"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\x00b\x01.pdf", "ab.pdf"),
        ("two\r\n lines.pdf", "two lines.pdf"),
        ("two  blanks.pdf", "two  blanks.pdf"),
        ("re\u0301sume\u0301.pdf", "r\u00e9sum\u00e9.pdf"),
        ("\u0646\u0627\u0645\u0647\u200c\u0647\u0627.pdf", "\u0646\u0627\u0645\u0647\u200c\u0647\u0627.pdf"),
        ("\U0001fa77 plan.txt", "\U0001fa77 plan.txt"),
        ("\U00031350\u5b57.txt", "\U00031350\u5b57.txt"),
        ("Apple \uf8ff.txt", "Apple \uf8ff.txt"),
        ("a\uffff\U0010fffe\ufdd0.pdf", "a.pdf"),
        ("", "attachment-1.pdf"),
        ("...", "attachment-1.pdf"),
        ("/", "attachment-1.pdf"),
        (".htaccess", ".htaccess"),
        ("=?utf-8?q?=C3=A9t=C3=A9.pdf?=", "\u00e9t\u00e9.pdf"),
    ],
)
def test_names_as_mails_write_them(raw: str, name: str) -> None:
    assert clean_name(raw, PDF, "attachment-1") == name


@pytest.mark.parametrize(
    ("content_type", "suffix"),
    [
        ("text/rtf", ".rtf"),
        ("application/x-7z-compressed", ".7z"),
        ("image/png", ".png"),
        ("text/calendar", ".ics"),
        ("message/rfc822", ".eml"),
        ("x/unknown", ".bin"),
    ],
)
def test_a_part_without_a_name_gets_one_by_its_place_and_type(content_type: str, suffix: str) -> None:
    assert extension(content_type) == suffix
    part = read(mail().attach("", b"data", content_type, disposition="attachment").raw()).parts[0]
    assert part.file_name == f"attachment-2{suffix}"


WRITTEN = {
    "a token": ("filename=a.pdf", "a.pdf"),
    "blanks unquoted": ("filename=my new file.pdf", "my new file.pdf"),
    "quoted": ('filename="a; b=c.pdf"', "a; b=c.pdf"),
    "escaped": (r'filename="a \"b\".pdf"', 'a "b".pdf'),
    "a quote that never ends": ('filename="a.pdf', "a.pdf"),
    "RFC 2231": ("filename*=utf-8''%C3%A9.pdf", "\u00e9.pdf"),
    "RFC 2231 before plain": ("filename=e.pdf; filename*=utf-8''%C3%A9.pdf", "\u00e9.pdf"),
    "RFC 2231 in pieces": ("filename*0*=utf-8''%C3%A9; filename*1=l; filename*2*=%C3%A8ve.pdf", "\u00e9l\u00e8ve.pdf"),
    "pieces out of order": ('filename*1="b.pdf"; filename*0="a"', "ab.pdf"),
    "a character cut in two pieces": ("filename*0*=utf-8''%C3; filename*1*=%A9.pdf", "\u00e9.pdf"),
    "an escape cut in two pieces": ("filename*0*=utf-8''%C; filename*1*=3%A9.pdf", "\u00e9.pdf"),
    "an unknown charset": ("filename*=x-nothing''%C3%A9.pdf", "\u00e9.pdf"),
    "no charset": ("filename*=%C3%A9.pdf", "\u00e9.pdf"),
    "a broken percent": ("filename*=utf-8''100%.pdf", "100%.pdf"),
    "an encoded word": ('filename="=?iso-8859-1?Q?=E9?= =?iso-8859-1?Q?t=E9.pdf?="', "\u00e9t\u00e9.pdf"),
    "an encoded word unquoted": ("filename==?utf-8?B?w6kucGRm?=", "\u00e9.pdf"),
    "an encoded word cut off": ('filename="=?utf-8?B?w6kucGRm', "\u00e9.pdf"),
    "words that part a character": ('filename="=?utf-8?B?ww==?= =?utf-8?B?qS5wZGY=?="', "\u00e9.pdf"),
    "an encoded word inside RFC 2231": ("filename*=utf-8''=?utf-8?B?w6kucGRm?=", "\u00e9.pdf"),
    "raw UTF-8 inside RFC 2231": ("filename*=utf-8''\u00e9.pdf", "\u00e9.pdf"),
    "raw ISO-2022-JP": ('filename="\x1b$BF|K\\8l\x1b(B.pdf"', "\u65e5\u672c\u8a9e.pdf"),
    "only blanks": ('filename=" "; name="a.pdf"', "a.pdf"),
    "a parameter that is not folded": ('size=1;\r\nfilename="a.pdf"', "a.pdf"),
    "raw UTF-8": ('filename="\u00e9.pdf"', "\u00e9.pdf"),
    "a folded name": ('filename="a\r\n b.pdf"', "a b.pdf"),
    "upper case": ("FILENAME=A.PDF", "A.PDF"),
    "an unknown sort of word": ('filename="=?utf-8?X?abc?=.pdf"', "=?utf-8?X?abc?=.pdf"),
}


@pytest.mark.parametrize(("written", "name"), WRITTEN.values(), ids=WRITTEN.keys())
def test_a_file_name_is_read_however_it_is_written(written: str, name: str) -> None:
    raw = f"Subject: x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; {written}\r\n\r\ndata"
    assert read(raw.encode()).parts[0].file_name == clean_name(name, PDF, "attachment-1")


def test_a_name_in_latin_1_is_read() -> None:
    raw = b'Subject: x\r\nContent-Disposition: attachment; filename="\xe9t\xe9.pdf"\r\n\r\ndata'
    assert read(raw).parts[0].file_name == "\u00e9t\u00e9.pdf"


@pytest.mark.parametrize("codec", ["shift_jis", "gb2312", "koi8-r", "iso-8859-1"])
def test_a_raw_name_is_in_the_charset_of_the_text(codec: str) -> None:
    name = {"koi8-r": "\u0441\u0447\u0451\u0442.pdf", "iso-8859-1": "\u00e9t\u00e9.pdf"}.get(codec, "\u65e5\u672c.pdf")
    text = f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset={codec}\n\n{name}\n"
    raw = f"From: {name} <a@b>\nSubject: {name}\n{text}--b\nContent-Type: x/y; name={name}\n\n--b--"
    message = read(raw.encode(codec))
    assert (message.subject, message.sender and message.sender.name, message.parts[0].file_name) == (name,) * 3


@pytest.mark.parametrize("fields", ["Content-Type: x/y; filename=a.pdf", "Content-Disposition: attachment; name=a.pdf"])
def test_a_name_in_the_wrong_field_names_the_file(fields: str) -> None:
    raw = f"Subject: x\r\n{fields}\r\nContent-Type: x/y\r\n\r\ndata"
    assert read(raw.encode()).parts[0].file_name == "a.pdf"
