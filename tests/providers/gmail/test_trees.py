"""Descriptions that nobody expects: nothing in them is lost, and nothing in them breaks us."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildock.domain.errors import Corrupt
from maildock.providers.gmail.reading import read_here
from maildock.providers.gmail.tree import Unreadable, read_tree


def described(payload: Any, **about: Any) -> bytes:
    return json.dumps({"id": "1", "payload": payload, **about}).encode()


def part(part_id: str, mime_type: str = "application/pdf", **more: Any) -> dict[str, Any]:
    return {"partId": part_id, "mimeType": mime_type, "body": {"size": 1, "data": "eA"}, **more}


def ids(payload: Any) -> list[str]:
    return [node.leaf.position for node in read_tree(described(payload)).nodes]


def test_parts_of_an_attached_mail_are_its_own() -> None:
    inner = part("0", "message/rfc822", parts=[part("0.0", "multipart/mixed", parts=[part("0.0.0")])])
    assert ids(part("", "multipart/mixed", body={}, parts=[inner, part("1")])) == ["0", "1"]


def test_what_has_both_bytes_and_parts_is_offered_with_them() -> None:
    assert ids(part("", "application/pdf", parts=[part("0"), part("1")])) == ["root", "0", "1"]


@pytest.mark.parametrize(
    "payload",
    [
        *(None, [], "x", {"partId": 7}, part("0"), part("", parts=[part("")]), part("", parts=[part("0"), part("0")])),
        *(part("", parts=[part("a/b")]), part("", parts=[part("0/1")]), part("", parts=[part("²")])),
    ],
)
def test_a_tree_without_proper_ids_is_not_used(payload: Any) -> None:
    with pytest.raises(Unreadable):
        read_tree(described(payload))


@pytest.mark.parametrize("depth", [103, 400, 100_000])
def test_a_tree_that_is_too_deep_is_not_used(depth: int) -> None:
    opening = b"".join(
        b'{"partId":"%s","mimeType":"multipart/mixed","parts":[' % b".".join([b"0"] * min(level, 400))
        for level in range(depth)
    )
    with pytest.raises(Unreadable):
        read_tree(b'{"payload":' + opening + b"]}" * depth + b"}")


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PARTS = st.recursive(
    ODD,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "partId": st.sampled_from(["", "0", "1", "0.0"]) | ODD,
            "mimeType": st.sampled_from(["multipart/mixed", "text/plain", "message/rfc822", "Text/HTML ", "x"]) | ODD,
            "filename": st.sampled_from(["", "a.txt", "\ud800\x00"]) | ODD,
            "headers": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["Content-Type"]) | ODD, "value": ODD}))
            | ODD,
            "body": st.fixed_dictionaries({}, optional={"size": ODD, "data": ODD, "attachmentId": ODD}) | ODD,
            "parts": st.lists(inner, max_size=4) | ODD,
        },
    ),
    max_leaves=8,
)


@given(PARTS, ODD, ODD, ODD)
def test_any_json_is_read_or_refused(payload: Any, labels: Any, received: Any, thread_id: Any) -> None:
    answer = described(payload, labelIds=labels, internalDate=received, threadId=thread_id)
    try:
        found = read_tree(answer)
    except Unreadable:
        return
    assert len({node.leaf.position for node in found.nodes}) == len(found.nodes)
    try:
        message = read_here(found)
    except Corrupt:
        return
    assert len({part.attachment_id for part in message.parts}) == len(message.parts)
    assert all("\x00" not in part.file_name and part.file_name.encode() for part in message.parts)
