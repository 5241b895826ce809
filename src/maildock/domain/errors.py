"""Everything that goes wrong on purpose.

MaildockError
├── UsageError            the caller asked for something impossible; the message says what to do
├── NotAMessage           the bytes have no header line at all
├── MessageTooLarge       the raw message is longer than the limit
├── AttachmentError       about this attachment: counts as an attempt
│   ├── Corrupt
│   ├── Gone
│   │   └── NotThere
│   ├── Refused
│   └── KilledItsWorker
├── OutageError           about the world: does not count, tried again for hours
│   ├── Unavailable
│   │   └── Throttled
│   ├── Unauthorized
│   └── StorageFailure
└── LostClaim             somebody else holds the work now; nothing was written
"""


class MaildockError(Exception):
    """Something in maildock went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Take `message`, or the class's own first docstring line when there is nothing more to say."""
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class UsageError(MaildockError):
    """This cannot be done as asked."""


class NotAMessage(MaildockError):
    """There is no header line: this is not a mail."""

    code = "not_a_message"


class MessageTooLarge(MaildockError):
    """The message is longer than MAILDOCK_MAX_MESSAGE_BYTES."""

    code = "too_large"


class AttachmentError(MaildockError):
    """This attachment cannot be read."""

    reason = "internal"


class Corrupt(AttachmentError):
    """The bytes of the attachment are damaged."""

    reason = "corrupt"


class Gone(AttachmentError):
    """The mail or the attachment no longer exists."""

    reason = "gone"


class NotThere(Gone):
    """The provider does not find it; right after it arrived that can change."""


class Refused(AttachmentError):
    """The provider refuses this attachment."""

    reason = "unauthorized"


class KilledItsWorker(AttachmentError):
    """The worker died four times while working on this; it is not tried again by itself."""


class OutageError(MaildockError):
    """Something that maildock depends on is not working."""

    reason = "unavailable"
    retry_after: float | None = None


class Unavailable(OutageError):
    """The provider does not answer."""

    def __init__(self, message: str | None = None, retry_after: float | None = None) -> None:
        """Keep the seconds that the provider asked for, `None` where it named none."""
        super().__init__(message)
        self.retry_after = retry_after


class Throttled(Unavailable):
    """The provider asks to wait."""

    reason = "throttled"


class Unauthorized(OutageError):
    """The mailbox is closed to us."""

    reason = "unauthorized"

    def __init__(self, message: str | None = None, remedy: str | None = None) -> None:
        """Keep what a person can do about it."""
        super().__init__(message)
        self.remedy = remedy


class StorageFailure(OutageError):
    """The file store, its disk or the spool does not work."""

    reason = "storage"


class LostClaim(MaildockError):
    """The claim on this work has passed to another worker."""


def loggable(error: Exception) -> str:
    """Describe an error for a log line: the message of one of ours, of any other only its type.

    A foreign message may quote what a mail says.
    """
    return str(error) if isinstance(error, MaildockError) else type(error).__qualname__
