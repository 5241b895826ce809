"""A reader's wish to load mails' pictures from elsewhere: mail by mail, and only by a link of our own page."""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from maildock.web.pages.visit import Visit

_MOST = 100  # values in an address


class Consent:
    """Makes the values of `pictures=`, and reads them; a mail cannot write one, for each is signed for the session."""

    def __init__(self, visit: Visit, given: Sequence[str]) -> None:
        self._key = visit.csrf.encode()
        self._given = [
            each for each in given[:_MOST] if hmac.compare_digest(self._signed(each).encode(), each.encode())
        ]
        self._loaded = {each.partition(".")[0] for each in self._given}

    def _signed(self, value: str) -> str:
        return self.of(value.partition(".")[0])

    def of(self, comment_id: UUID | str) -> str:
        """Give what stands for loading the pictures of this comment."""
        signature = hmac.new(self._key, f"pictures of {comment_id}".encode(), hashlib.sha256)
        return f"{comment_id}.{signature.hexdigest()[:32]}"

    def loads(self, comment_id: UUID) -> bool:
        """Say whether the pictures of this comment are to be loaded."""
        return str(comment_id) in self._loaded

    def query(self, comment_id: UUID) -> str:
        """Write what asks for this comment's pictures beside those that are loaded, or for all but its own."""
        others = [each for each in self._given if not each.startswith(f"{comment_id}.")]
        wanted = others if self.loads(comment_id) else [*others, self.of(comment_id)]
        return "&".join(f"pictures={each}" for each in wanted)

    @property
    def given(self) -> bool:
        """Whether any are."""
        return bool(self._given)
