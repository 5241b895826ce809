"""Text from a client that is to be looked up: what PostgreSQL cannot hold is nobody's."""

from typing import Annotated

from pydantic import AfterValidator


def storable(text: str) -> bool:
    """Say whether a text could be in the database at all: no NUL, no lone surrogate."""
    return not any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in text)


def _checked(text: str) -> str:
    if not storable(text):
        raise ValueError("must not hold NUL or lone surrogates")
    return text


Text = Annotated[str, AfterValidator(_checked)]
