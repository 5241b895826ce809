"""Every document of a ticket in one archive."""

import io
import zipfile

import pytest

from tests.desk import DOCUMENTS, Desk
from tests.mail import Mail, mail
from tests.web.server import Answer, Client


async def archive_of(desk: Desk, api: Client, sent: Mail) -> Answer:
    await desk.ingest(sent)
    (ticket,) = (await api.get("/api/v1/tickets")).json()["items"]
    return await api.get(f"/api/v1/tickets/{ticket['ticket_id']}/documents.zip")


async def test_it_has_each_documents_bytes_under_its_name(desk: Desk, api: Client) -> None:
    sent = mail("Printer").attach("ü.txt", b"one").attach("big.bin", bytes(2_500_000)).attach("empty", b"")
    answer = await archive_of(desk, api, sent)
    assert answer.headers["content-disposition"] == 'attachment; filename="ticket-1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert contents == {"ü.txt": b"one", "big.bin": bytes(2_500_000), "empty": b""}


async def test_a_ticket_without_documents_has_an_empty_one(desk: Desk, api: Client) -> None:
    answer = await archive_of(desk, api, mail("Printer"))
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.namelist() == []


async def test_a_lost_file_refuses_the_whole(desk: Desk, api: Client) -> None:
    await archive_of(desk, api, mail("Printer").attach("a.txt", b"one").attach("b.txt", b"two"))
    first, *_ = await desk.all(DOCUMENTS)
    await desk.context.store.delete(first["storage_key"])
    answer = await api.get(f"/api/v1/tickets/{first['ticket_id']}/documents.zip")
    assert (answer.status, answer.json()["code"]) == (503, "storage")


@pytest.mark.parametrize("name", ["../../x.sh", "a\\b.txt", 'q"uote.txt', "con.txt"])
async def test_hostile_names_stay_inside_the_folder_that_it_unpacks_to(desk: Desk, api: Client, name: str) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"one"))
    await desk.all("UPDATE documents SET name = %(name)s WHERE tenant = %(tenant)s", name=name)
    (ticket,) = (await api.get("/api/v1/tickets")).json()["items"]
    answer = await api.get(f"/api/v1/tickets/{ticket['ticket_id']}/documents.zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        (found,) = archive.namelist()
    assert not set(found) & set('/\\":')
    assert not found.startswith("con.")
