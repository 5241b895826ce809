import base64
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildock.web.balance import KEPT, balance
from maildock.web.pictures import NONE, Pictures
from maildock.web.sanitise import sanitise

ALLOWED = KEPT | {"details", "summary", "span"}
OWN = "/tickets/1/documents/00000000-0000-0000-0000-000000000001"
SHOWN = [Pictures(kept={"logo": OWN}), Pictures(remote=True), Pictures(kept={"logo": OWN}, remote=True)]

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi><mglyph><style><img title='</style><img src onerror=alert(1)>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' jAvA&#x09;script&colon;alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='/logout'>ours</a>",
    "<a href='//evil.example'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=x></object><embed src=x>",
    "<form action=/tickets/1/status method=post><button name=status value=closed>Win</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<p style='background:url(//evil.example/x)'>x</p>",
    "<style>@import '//evil.example/x.css'</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<div id=documents class=card data-live=/logout name=x>x</div>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'>",
    "<table background=//evil.example/x.gif><td background=x>x",
    "<video poster=//evil.example/x><source src=x onerror=alert(1)></video>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<p title='\"><img src=x onerror=alert(1)>'>x",
    "<xmp><script>alert(1)</script></xmp>",
    "<a href='https://ok.example' onclick=alert(1) style=x target=_self rel=opener>x</a>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<template><script>alert(1)</script></template>",
    "<select><style></select><img src=x onerror=alert(1)>",
]

HEAVY = {
    "pictures in the text, unfinished": "<img src='data:image/png;base64,AAAA",
    "one of them, endless": "A" * 1000 + " data:image/png;base64,",
    "pictures with long attributes": "<img " + "src= " * 150 + ">",
    "nested": "<div><span>",
    "unclosed formatting": "<b id=1><i id=2><font>",
    "formatting over paragraphs": "<b id=1><p>x",
    "paragraphs": "<p>",
    "quotes": "<blockquote>",
    "tables": "<table><tr><td>",
    "scope boundaries": "<div><object></div></object>",
    "ampersands": "a&",
    "less-thans": "<",
    "open tags": "<a ",
    "open quotes": '<a "',
    "both quotes": "<a \"'",
    "comments": "<!--",
    "declarations": "<!",
    "scripts": "<script>",
    "half scripts": "<script></script",
    "attributes": "<p " + "a=1 " * 100,
    "misnested": "<b><i></b></i>",
    "links in rows": "<table><tr><a href=x>y",
}


def elements(html: str) -> list[tuple[str, str]]:
    return re.findall(r"<([a-zA-Z][^\s/>]*)([^>]*)>", html)


def harmless(html: str) -> None:
    for name, attributes in elements(html):
        assert name in ALLOWED, html
        plain = re.sub(r' href="(https?:|mailto:|tel:)[^"]*"| (colspan|rowspan|start)="[^"]*"', "", attributes)
        plain = re.sub(r' target="_blank"| rel="noopener noreferrer nofollow"', "", plain) if name == "a" else plain
        assert plain in ("", ' class="picture"' if name == "span" else ""), html


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_taken_out(attack: str) -> None:
    harmless(sanitise(attack).html)
    harmless(sanitise(f"<table><tr><td>{attack}").html)


@given(st.lists(st.sampled_from([*ATTACKS, *HEAVY.values(), "</p>", "</b>", "'", '"', ">", "x"]), max_size=12))
def test_attacks_together_are_taken_out(attacks: list[str]) -> None:
    harmless(sanitise("".join(attacks)).html)


@given(st.text(alphabet="<>/!-\"'= abpdivtrscript&;#x\n\x00", max_size=200))
def test_any_text_gives_well_formed_html(text: str) -> None:
    open_elements: list[str] = []
    for closing, name in re.findall(r"<(/?)([a-z0-9]+)[^>]*>", balance(text).finish()):
        if closing:
            assert open_elements.pop() == name
        elif name not in ("br", "hr"):
            open_elements.append(name)
    assert open_elements == []


@pytest.mark.parametrize("piece", HEAVY.values(), ids=HEAVY.keys())
def test_no_mail_makes_its_reader_wait(piece: str) -> None:
    html = piece * ((1 << 20) // len(piece))
    begun = time.process_time()
    sanitise(html)
    assert time.process_time() - begun < 5


def test_what_reads_well_stays() -> None:
    html = "<h1>Order</h1><ul><li>one<li>two</ul><table><tr><td colspan=2>cell</table><p>a &lt; b<br>c &amp; d"
    assert sanitise(html).html == (
        "<h4>Order</h4><ul><li>one</li><li>two</li></ul>"
        '<table><tbody><tr><td colspan="2">cell</td></tr></tbody></table><p>a &lt; b<br>c &amp; d</p>'
    )


def test_links_open_elsewhere_and_tell_nothing() -> None:
    assert sanitise('<a href="https://a.example/?b=1&amp;c=2">x</a>').html == (
        '<a href="https://a.example/?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">x</a>'
    )


@pytest.mark.parametrize("pictures", SHOWN)
@pytest.mark.parametrize(
    "attack", [*ATTACKS, "<img src='cid:logo' onerror=alert(1) style=x srcset='//evil.example/x'>"]
)
def test_an_attack_is_taken_out_where_pictures_are_shown(attack: str, pictures: Pictures) -> None:
    html = sanitise(attack, pictures).html
    for attributes in re.findall(r"<img([^>]*)>", html):
        found = dict(re.findall(r' ([a-z]+)="([^"]*)"', attributes))
        assert {"alt"} <= found.keys() <= {"src", "alt", "loading", "referrerpolicy"}, html
        assert re.fullmatch(rf"{OWN}|https?://.*" if pictures.remote else OWN, found.get("src", OWN)), html
    harmless(re.sub(r"<img[^>]*>", "", html))


def test_a_kept_picture_is_shown_from_our_own_origin() -> None:
    html = sanitise('<p><img src="CID:%3Clogo%3E" alt="Logo"><img src="cid:other" alt="Other"></p>', SHOWN[0]).html
    assert f'src="{OWN}"' in html
    assert '<span class="picture">Other</span>' in html


def test_a_mail_cannot_name_our_addresses_itself() -> None:
    for pictures in SHOWN:
        html = sanitise(f'<img src="{OWN}"><img src="/logout"><a href="/logout">x</a>', pictures).html
        assert "/logout" not in html
        assert OWN not in html


def test_pictures_from_elsewhere_are_loaded_when_asked_for() -> None:
    html = sanitise('<img src="//a.example/1.gif"><img src="data:image/svg+xml,x">', Pictures(remote=True)).html
    assert 'src="https://a.example/1.gif"' in html
    assert "data:" not in html


def test_pictures_are_counted_and_named_but_not_loaded() -> None:
    shown = sanitise('<img src="https://a.example/open.gif"><img src="cid:1" alt="Our &quot;logo&quot;">')
    assert (shown.html, shown.remote_pictures) == ('<span class="picture">Our "logo"</span>', 1)


@pytest.mark.parametrize("pictures", [NONE, Pictures({"logo": OWN}), Pictures(remote=True)])
@pytest.mark.parametrize("size", [3, 30_000])
@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_a_picture_in_the_text_itself_is_shown(pictures: Pictures, size: int, quote: str) -> None:
    drawn = "data:image/png;base64," + base64.b64encode(bytes(size)).decode()
    shown = sanitise(f"<p>a<img alt=Logo width=9 src={quote}{drawn}{quote} onerror=alert(1)>b", pictures)
    assert re.fullmatch(rf'<p>a<img src="{re.escape(drawn)}" alt="Logo"[^>]*>b</p>', shown.html)
    assert "onerror" not in shown.html
    assert shown.remote_pictures == 0


@pytest.mark.parametrize(
    "source", ["data:image/svg+xml;base64,AAAA", "data:text/html;base64,AAAA", "data:image/png,x", "data:;base64,AAAA"]
)
def test_what_is_no_picture_is_not_shown_as_one(source: str) -> None:
    assert sanitise(f'<img src="{source}" alt="x"><a href="{source}">y</a>').html == (
        '<span class="picture">x</span><a target="_blank" rel="noopener noreferrer nofollow">y</a>'
    )


def test_a_picture_that_is_left_out_leaves_a_trace() -> None:
    left_out = sanitise('a<img src="cid:q">b<img src="data:image/bmp;base64,AAAA">c').html
    assert left_out == 'a<span class="picture">Picture</span>b<span class="picture">Picture</span>c'
    # Of those from elsewhere the note below the mail tells.
    assert sanitise('a<img src="https://a.example/1.gif">b').html == "ab"


def test_what_the_mail_hides_stays_hidden() -> None:
    html = '<div style="display : none">Preview<p>more</p></div><p>Hello</p>'
    assert sanitise(html).html == "<p>Hello</p>"


OLD = "<p><b>From:</b> Desk</p></div><p>Well?</p><blockquote>Really?</blockquote>"
FOLDED = (
    "<details><summary>Show quoted text</summary><div><p><b>From:</b> Desk</p></div><p>Well?</p>"
    "<blockquote>Really?</blockquote></details>"
)


@pytest.mark.parametrize(
    "start",
    [
        '<div id="divRplyFwdMsg" dir="ltr">',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">',
        '<div style="border: none; border-top: solid #B5C4DF 1.0pt">',
        '<div id="yahoo_quoted_1" class="yahoo_quoted">',
    ],
)
def test_a_history_without_quotation_marks_is_folded_to_its_end(start: str) -> None:
    assert sanitise(f"<div><p>Yes.</p>{start}{OLD}</div>").html == f"<div><p>Yes.</p>{FOLDED}</div>"
    assert sanitise(f"<p>Yes.</p>{start}{OLD}").html == f"<p>Yes.</p>{FOLDED}"
    # What only passes something on is all there is to read.
    assert "<details><summary>Show quoted text</summary><div>" not in sanitise(f"<p>&nbsp;</p>{start}{OLD}").html


def test_the_quoted_history_is_folded_once() -> None:
    html = sanitise("<p>Yes.</p><blockquote>Well?<blockquote>Really?</blockquote></blockquote>").html
    assert html == (
        "<p>Yes.</p><details><summary>Show quoted text</summary>"
        "<blockquote>Well?<blockquote>Really?</blockquote></blockquote></details>"
    )
