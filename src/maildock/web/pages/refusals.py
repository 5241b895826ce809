"""What pages say instead of their content, beside the problems that they share with the API."""

from maildock.domain.errors import MaildockError
from maildock.web.problems import Problem


class NeedsLogin(MaildockError):
    """Nobody is logged in."""


def bad_request() -> Problem:
    """Say that an address or a form makes no sense."""
    return Problem(400, "The address or the form could not be understood.")


def for_admins() -> Problem:
    """Say that this person may not see the page."""
    return Problem(403, "Only an admin may see this page.")


def stale_form() -> Problem:
    """Refuse a form that did not come from the session's own pages."""
    return Problem(
        403, "This form is too old, or did not come from this site. Go back, reload the page, send it again."
    )


def too_large(limit: int) -> Problem:
    """Refuse a body that is longer than any of ours."""
    return Problem(413, f"What was sent is longer than {limit} bytes.")
