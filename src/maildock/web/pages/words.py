"""The ledger's words, as people read them."""

import re

_ANSWERED = re.compile(r"\banswers (\d{3})\b")

REASONS = {
    "inline": "It is a picture that the mail shows within its text, such as a logo.",
    "too_large": "It is larger than the largest file that is stored here.",
    "unsupported_type": "It is a kind of attachment that cannot be read.",
    "reference_link": "The mail only links to it; the file itself lives elsewhere.",
    "machine_part": "It is meant for programs, such as a signature or a delivery report.",
    "container": "It is a wrapping; the files inside are listed by themselves.",
    "duplicate": "The ticket already has this very file, from the same mail in another mailbox.",
    "limit": "The mail has more parts than are taken in.",
    "throttled": "The mail provider asked us to wait.",
    "unavailable": "The mail provider did not answer.",
    "unauthorized": "The mail provider did not let us read it.",
    "gone": "It is no longer in the mailbox.",
    "corrupt": "Its bytes are damaged.",
    "storage": "The file store did not take it.",
    "internal": "Something went wrong here.",
}

PART_STATUS = {
    "pending": "Waiting",
    "processing": "Storing",
    "stored": "Stored",
    "skipped": "Left out",
    "failed": "Failed",
    "dead": "Given up",
}

MAIL_STATUS = {
    "received": "Received",
    "filed": "Filed",
    "duplicate": "Duplicate",
    "ignored": "Ignored",
    "failed": "Failed",
    "gone": "Gone",
    "dead": "Given up",
}

# What lists can be asked for besides.
GROUPS = {"broken": "Failed or given up", "due": "Due now"}

MAIL_OUTCOMES = {
    "received": "It is read in a moment.",
    "filed": "It is on its ticket.",
    "duplicate": "The same mail came through another mailbox; it is on the ticket once.",
    "ignored": "It is not to be filed: a draft, sent mail, or older than the mailbox's start.",
    "failed": "It could not be read; it is tried again by itself.",
    "gone": "It was no longer in the mailbox when it was to be read.",
    "dead": "It could not be read, and is not tried again by itself.",
}

TONES = {
    "filed": "good",
    "stored": "good",
    "received": "busy",
    "pending": "busy",
    "processing": "busy",
    "failed": "bad",
    "dead": "bad",
    "gone": "bad",
}

KINDS = {
    "microsoft": "Microsoft 365",
    "gmail": "Gmail",
    "imap": "IMAP",
    "smtp": "SMTP",
    "file": "Files and uploads",
}

STEPS = {
    "active": "Switched on",
    "database": "Database",
    "storage": "File store",
    "settings": "Settings",
    "token": "Access token",
    "mailbox": "Mailbox",
    "label": "Label",
    "messages": "Mails",
    "attachments": "Attachments",
    "push": "Push",
    "last_push": "Last push",
    "turn": "One check at a time",
    "time": "Time",
    "check": "Check",
}

# What the command line calls by its options, a form calls by its labels.
_IN_FORMS = (
    ("give it new credentials with `maildock providers secret`", "enter other credentials"),
    (" with `maildock providers secret`", ""),
    ("--graph-url", "“Graph”"),
    ("--authority-url", "“Login”"),
    ("--token-url", "“Tokens”"),
)

# Trying again cannot change these: there is nothing to fetch, or it is here already.
_FINAL = frozenset(("container", "duplicate", "limit", "reference_link", "unsupported_type"))

_SPREADSHEETS = ("spreadsheet", "excel", "csv")
_LETTERS = ("msword", "wordprocessing", "opendocument.text")
_ARCHIVES = ("zip", "gzip", "tar", "7z", "rar", "compressed", "x-xz", "bzip")


_TYPES = {
    "application/pdf": "PDF",
    "application/zip": "ZIP archive",
    "application/gzip": "GZIP archive",
    "application/x-7z-compressed": "7z archive",
    "application/x-tar": "TAR archive",
    "application/msword": "Word document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "application/vnd.ms-excel": "Excel sheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/octet-stream": "File",
    "message/rfc822": "Mail",
    "text/calendar": "Calendar entry",
    "text/plain": "Text",
    "text/csv": "CSV table",
    "text/html": "Web page",
    "image/svg+xml": "SVG drawing",
}


def type_name(content_type: str) -> str:
    """Name a content type for people."""
    kind = content_type.partition(";")[0].strip().lower()
    family, _, rest = kind.partition("/")
    if kind in _TYPES:
        return _TYPES[kind]
    if family in ("image", "audio", "video") and rest:
        return f"{rest.removeprefix('x-').upper()[:12]} {family}"
    return "Text" if family == "text" else "File"


def in_form(text: str) -> str:
    """Write what the command line would say so that it fits beside a form."""
    for said, meant in _IN_FORMS:
        text = text.replace(said, meant)
    return text


def can_retry(status: str, reason: str | None) -> bool:
    """Say whether a person may wish to have this part stored after all."""
    return status in ("failed", "dead") or (status == "skipped" and reason not in _FINAL)


def can_retry_mail(status: str) -> bool:
    """Say whether a person may wish to have this mail read after all."""
    return status in ("failed", "dead", "gone")


def icon(content_type: str) -> str:
    """Name the icon of a content type."""
    kind = content_type.partition(";")[0].lower()
    family = kind.partition("/")[0]
    if kind == "application/pdf":
        return "pdf"
    if any(word in kind for word in _SPREADSHEETS):
        return "sheet"
    if any(word in kind for word in _LETTERS):
        return "text"
    if any(word in kind for word in _ARCHIVES):
        return "archive"
    if kind in ("message/rfc822", "text/calendar"):
        return "mail" if kind == "message/rfc822" else "calendar"
    return {"image": "image", "audio": "media", "video": "media", "text": "text"}.get(family, "file")


def why(reason: str | None, error: str | None) -> str:
    """Say in short what a part waits for: the provider's answer, where it gave one."""
    answered = _ANSWERED.search(error or "")
    return f"provider answered {answered[1]}" if answered else REASONS.get(reason or "", "").rstrip(".")
