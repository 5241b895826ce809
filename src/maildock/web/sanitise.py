"""A mail's HTML, made harmless for our own pages: text, structure and links stay, everything else goes.

No scripts, styles or forms: the page's Content-Security-Policy would stop them too, but a mail must not depend on it.
What the allow-list lets through has no attribute but a link's target, a table's spans, and a picture's source where
pictures are shown at all.
"""

import re
from dataclasses import dataclass

import nh3
from markupsafe import Markup

from maildock.web.balance import KEPT, KEPT_ATTRIBUTES, balance
from maildock.web.pictures import NONE, Pictures, is_drawn

# The cleaner takes quadratic time for ampersands in a text; a character that no text contains stands for them.
_AMPERSAND = "\ufdd0"

_TAGS = KEPT | {"details", "summary", "span"}
_ATTRIBUTES = {name: frozenset(kept) for name, kept in KEPT_ATTRIBUTES.items()}
_CLASSES = {"span": frozenset(("picture",))}
_FORCED = {"a": {"target": "_blank"}}
_REL = "noopener noreferrer nofollow"

_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    allowed_classes=_CLASSES,
    url_schemes=frozenset(("http", "https", "mailto", "tel")),
    url_relative="deny",
    link_rel=_REL,
    set_tag_attribute_values=_FORCED,
)

# Pictures of our own have a relative address, which links of a mail must not have.
_ABSOLUTE = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_OWN = re.compile(r"/tickets/[0-9]{1,10}/documents/[0-9a-f-]{36}")


def _filtered(own_only: bool) -> nh3.Cleaner:
    def keep(_element: str, attribute: str, value: str) -> str | None:
        if attribute == "href":
            return value if _ABSOLUTE.match(value) else None
        if attribute == "src" and not _OWN.fullmatch(value) and not is_drawn(value):
            return None if own_only or not value.startswith(("https://", "http://")) else value
        return value

    return nh3.Cleaner(
        tags=_TAGS | {"img"},
        attributes={**_ATTRIBUTES, "img": frozenset(("src", "alt"))},
        attribute_filter=keep,
        allowed_classes=_CLASSES,
        url_schemes=frozenset(("http", "https", "mailto", "tel", "data")),
        url_relative="pass_through",
        link_rel=_REL,
        set_tag_attribute_values={**_FORCED, "img": {"loading": "lazy", "referrerpolicy": "no-referrer"}},
    )


_with_own_pictures = _filtered(own_only=True)
_with_pictures = _filtered(own_only=False)


@dataclass(frozen=True, slots=True)
class Harmless:
    """HTML that may stand in our pages, and how many pictures from elsewhere it names."""

    html: Markup
    remote_pictures: int


def sanitise(html: str, pictures: Pictures = NONE) -> Harmless:
    """Make a stranger's HTML harmless; takes time in proportion to its length."""
    balanced = balance(html, pictures)
    own = pictures.kept or balanced.drawn
    cleaner = _with_pictures if pictures.remote else _with_own_pictures if own else _cleaner
    cleaned = cleaner.clean(balanced.finish().replace("&amp;", _AMPERSAND)).replace(_AMPERSAND, "&amp;")
    return Harmless(Markup(cleaned), balanced.remote)  # noqa: S704 - cleaned just now
