"""A mail's HTML, made harmless for our own pages: text, structure and links stay, everything else goes.

No scripts, styles, forms or pictures: the page's Content-Security-Policy would stop them too, but a mail must not
depend on it. What the allow-list lets through has no attribute but a link's target and a table's spans.
"""

from dataclasses import dataclass

import nh3
from markupsafe import Markup

from maildock.web.balance import KEPT, KEPT_ATTRIBUTES, balance

# The cleaner takes quadratic time for ampersands in a text; a character that no text contains stands for them.
_AMPERSAND = "\ufdd0"

_cleaner = nh3.Cleaner(
    tags=KEPT | {"details", "summary", "span"},
    attributes={name: frozenset(kept) for name, kept in KEPT_ATTRIBUTES.items()},
    allowed_classes={"span": frozenset(("picture",))},
    url_schemes=frozenset(("http", "https", "mailto", "tel")),
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


@dataclass(frozen=True, slots=True)
class Harmless:
    """HTML that may stand in our pages, and how many pictures from elsewhere it does not load."""

    html: Markup
    remote_pictures: int


def sanitise(html: str) -> Harmless:
    """Make a stranger's HTML harmless; takes time in proportion to its length."""
    balanced = balance(html)
    cleaned = _cleaner.clean(balanced.finish().replace("&amp;", _AMPERSAND)).replace(_AMPERSAND, "&amp;")
    return Harmless(Markup(cleaned), balanced.remote)  # noqa: S704 - cleaned just now
