"""What operators watch: counts without tenants, addresses or names (Prometheus text format)."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_REGISTRY = CollectorRegistry()
_NOTIFICATIONS = Counter(
    "maildock_notifications",
    "Notifications of vendors by what became of them.",
    ["kind", "outcome"],
    registry=_REGISTRY,
)
_MAILS = Counter("maildock_mails_filed", "Mails by how they were filed.", ["outcome"], registry=_REGISTRY)
_ATTACHMENTS = Counter(
    "maildock_attachments_settled", "Attachments by how they ended for now.", ["status", "reason"], registry=_REGISTRY
)
_BYTES = Counter("maildock_attachment_bytes_stored", "Bytes of attachments that were stored.", registry=_REGISTRY)
_REQUESTS = Histogram(
    "maildock_http_request_seconds",
    "Time to the end of an HTTP answer, by its status.",
    ["method", "status"],
    registry=_REGISTRY,
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def notified(kind: str, *, taken: int, refused: int) -> None:
    """Count a vendor's notifications."""
    _NOTIFICATIONS.labels(kind, "taken").inc(taken)
    _NOTIFICATIONS.labels(kind, "refused").inc(refused)


def mail_filed(outcome: str) -> None:
    """Count a mail: `created`, `replied`, `duplicate`, or `failed`."""
    _MAILS.labels(outcome).inc()


def attachment_settled(status: str, reason: str | None, size: int | None) -> None:
    """Count an attachment by its row's status and reason; `size` in bytes counts when it was stored."""
    _ATTACHMENTS.labels(status, reason or "").inc()
    if status == "stored":
        _BYTES.inc(size or 0)


def request_answered(method: str, status: int, seconds: float) -> None:
    """Count an HTTP answer; a method that a client made up is `OTHER`."""
    _REQUESTS.labels(method if method in _METHODS else "OTHER", str(status)).observe(seconds)


def render() -> tuple[bytes, str]:
    """Give everything counted so far, and its content type."""
    return generate_latest(_REGISTRY), CONTENT_TYPE_LATEST
