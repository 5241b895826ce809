"""A form that tries a connection makes this machine work: each tenant has its share, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from maildock.flow.context import Context
from maildock.providers.http import Origin
from maildock.tables.tenants import Tenant
from maildock.web.pages.trials import TooManyTrials, Trials
from tests.servers.graph import GraphServer
from tests.web.mailbox_forms import for_graph
from tests.web.server import SETTINGS, serving
from tests.web.visitor import Visitor, person

MICROSOFT = "/providers/connect/microsoft"


@pytest.fixture
async def origin(context: Context, graph: GraphServer) -> AsyncIterator[str]:
    allowed = frozenset((Origin.parse(graph.url),))
    async with serving(context, replace(SETTINGS, provider_origins=allowed)) as origin:
        yield origin


@pytest.fixture
async def root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


@pytest.fixture
async def bob(context: Context, other_tenant: Tenant, origin: str) -> Visitor:
    return await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)


async def test_after_many_in_a_minute_one_has_to_wait(root: Visitor, bob: Visitor, graph: GraphServer) -> None:
    bad = {"csrf": await root.csrf(), **for_graph(graph, client_secret="wrong")}
    assert [(await root.post(MICROSOFT, bad)).status for _ in range(10)] == [422] * 10
    asked = len(graph.requests)
    answer = await root.post(MICROSOFT, {**bad, "client_secret": graph.client_secret})
    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert b"send the form again in" in answer.body
    assert len(graph.requests) == asked
    assert (await bob.post(MICROSOFT, {"csrf": await bob.csrf(), **for_graph(graph)})).status == 303


async def test_what_will_not_do_before_it_is_tried_does_not_count(root: Visitor, graph: GraphServer) -> None:
    fields = {"csrf": await root.csrf(), **for_graph(graph)}
    assert {(await root.post(MICROSOFT, {**fields, "mailbox": "x"})).status for _ in range(12)} == {422}
    assert (await root.post(MICROSOFT, fields)).status == 303


async def test_only_a_few_are_tried_at_once(root: Visitor, bob: Visitor, graph: GraphServer) -> None:
    fields = {"csrf": await root.csrf(), **for_graph(graph)}
    for _ in range(3):
        graph.fault("/token", kind="slow", seconds=2)
    slow = [asyncio.create_task(root.post(MICROSOFT, {**fields, "mailbox": f"{n}@shop.example"})) for n in range(3)]
    await asyncio.sleep(1)
    answer = await root.post(MICROSOFT, fields)
    assert (answer.status, answer.headers["retry-after"]) == (429, "5")
    assert b"3 connections are being tried already" in answer.body
    assert (await bob.post(MICROSOFT, {"csrf": await bob.csrf(), **for_graph(graph)})).status == 303
    await asyncio.gather(*slow)
    assert (await root.post(MICROSOFT, fields)).status == 303


async def test_new_credentials_are_tried_under_the_same_brake(root: Visitor, graph: GraphServer) -> None:
    fields = {"csrf": await root.csrf(), **for_graph(graph)}
    place = (await root.post(MICROSOFT, fields)).headers["location"]
    path = f"/providers/{place.partition('=')[2].partition('#')[0]}/secret"
    answers = [await root.post(path, {**fields, "client_secret": "wrong"}) for _ in range(10)]
    assert [answer.status for answer in answers] == [422] * 9 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_those_that_work_count_too(root: Visitor, graph: GraphServer) -> None:
    fields = {"csrf": await root.csrf(), **for_graph(graph)}
    place = (await root.post(MICROSOFT, fields)).headers["location"]
    path = f"/providers/{place.partition('=')[2].partition('#')[0]}/settings"
    answers = [await root.post(path, {**fields, "folder": "inbox"}) for _ in range(10)]
    assert [answer.status for answer in answers] == [303] * 9 + [429]


def test_after_a_minute_there_is_room_again() -> None:
    now, tenant = [0.0], uuid4()
    trials = Trials(lambda: now[0])
    for second in range(10):
        now[0] = second
        with trials.one(tenant):
            pass
    now[0] = 59.5
    with pytest.raises(TooManyTrials, match="in 1 s"), trials.one(tenant):
        pass
    now[0] = 60
    with trials.one(tenant):
        pass
    with pytest.raises(TooManyTrials, match="in 1 s"), trials.one(tenant):
        pass
    with trials.one(uuid4()):
        pass


def test_one_that_breaks_off_makes_room() -> None:
    trials, tenant = Trials(), uuid4()
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), trials.one(tenant):
            raise ZeroDivisionError
