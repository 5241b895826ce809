"""A page of a list."""

from typing import Generic, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item", bound=BaseModel)


class Page(BaseModel, Generic[Item]):
    """Some items, and the cursor of those that follow; `null` on the last page."""

    items: list[Item]
    next_cursor: str | None
