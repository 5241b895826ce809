"""A reader's wish to load a mail's pictures from elsewhere: for one mail, and only by a link of our own page."""

import hashlib
import hmac
from uuid import UUID

from maildock.web.pages.visit import Visit


class Consent:
    """Makes the values of `pictures=`, and reads them; a mail cannot write one, for each is signed for the session."""

    def __init__(self, visit: Visit, given: str) -> None:
        self._key = visit.csrf.encode()
        comment, _, _ = given.partition(".")
        self._loaded = comment if hmac.compare_digest(self.of(comment).encode(), given.encode()) else None

    def of(self, comment_id: UUID | str) -> str:
        """Give what stands for loading the pictures of this comment."""
        signature = hmac.new(self._key, f"pictures of {comment_id}".encode(), hashlib.sha256)
        return f"{comment_id}.{signature.hexdigest()[:32]}"

    def loads(self, comment_id: UUID) -> bool:
        """Say whether the pictures of this comment are to be loaded."""
        return self._loaded == str(comment_id)

    @property
    def given(self) -> bool:
        """Whether any are."""
        return self._loaded is not None
