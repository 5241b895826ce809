"""Why nobody was let in. Each message is the line that the login page shows: it says what to do.

SignOnRefused
├── Cancelled       the person, or the issuer, went no further
├── StaleTrip       not the answer to what this browser asked
├── Untrusted       the issuer's answer or token is not as it must be
│   └── ClocksApart
├── IssuerAway      the issuer does not answer
├── NotVerified     it does not vouch for the email
├── NotAdded        nobody here has that email, or somebody who is disabled
└── BoundElsewhere  somebody here has it, with another login of the issuer
"""

from maildock.domain.errors import MaildockError


class SignOnRefused(MaildockError):
    """Signing in did not work; start again."""

    status = 403

    def __init__(self, detail: str = "") -> None:
        """Keep what the log may say: names of claims and of parts, nobody's address."""
        super().__init__()
        self.detail = detail


class Cancelled(SignOnRefused):
    """The sign-in was not finished at the identity provider; start again, or use your password."""

    status = 401


class StaleTrip(SignOnRefused):
    """This sign-in was begun in another browser, or too long ago; start again."""

    status = 400


class Untrusted(SignOnRefused):
    """The identity provider's answer cannot be trusted; an admin finds the reason in maildock's log."""

    status = 502


class ClocksApart(Untrusted):
    """The clocks of maildock and of the identity provider are apart; an admin has to synchronise them."""


class IssuerAway(SignOnRefused):
    """The identity provider does not answer; try again in a minute, or use your password."""

    status = 503


class NotVerified(SignOnRefused):
    """The identity provider does not say that your email is verified; have its administrator verify it."""


class NotAdded(SignOnRefused):
    """You have not been added here, or not any more; ask an admin to add your email under People, then start again."""


class BoundElsewhere(SignOnRefused):
    """Your email is bound to another login of the identity provider; ask an admin to unlink it under People."""
