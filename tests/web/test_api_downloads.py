from tests.desk import DOCUMENTS, Desk
from tests.mail import mail
from tests.web.server import Answer, Client

DATA = bytes(range(256)) * 10


async def download(desk: Desk, api: Client, name: str = "a.bin", content_type: str = "", **headers: str) -> Answer:
    await desk.ingest(mail("Printer").attach(name, DATA, content_type))
    (row,) = await desk.all(DOCUMENTS)
    return await api.get(f"/api/v1/documents/{row['document_id']}/content", **headers)


async def test_a_document_comes_whole_and_is_saved_by_browsers(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, 'Übersicht "1".bin')
    assert (answer.status, answer.body) == (200, DATA)
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert "filename*=UTF-8''%C3%9Cbersicht%20" in answer.headers["content-disposition"]
    (row,) = await desk.all(DOCUMENTS)
    assert answer.headers["etag"] == f'"{row["sha256"]}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_range_is_a_part_of_it(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, Range="bytes=256-511")
    assert (answer.status, answer.body) == (206, DATA[256:512])
    assert answer.headers["content-range"] == f"bytes 256-511/{len(DATA)}"


async def test_the_last_bytes_are_a_range_too(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, Range="bytes=-5")
    assert (answer.status, answer.body) == (206, DATA[-5:])


async def test_a_range_beyond_the_end_is_refused(desk: Desk, api: Client) -> None:
    assert (await download(desk, api, Range=f"bytes={len(DATA)}-")).status == 416


async def test_who_has_it_already_is_told_so(desk: Desk, api: Client) -> None:
    etag = (await download(desk, api)).headers["etag"]
    (row,) = await desk.all(DOCUMENTS)
    again = await api.get(f"/api/v1/documents/{row['document_id']}/content", If_None_Match=f'"x", {etag}')
    assert (again.status, again.body) == (304, b"")


async def test_head_tells_the_size_without_the_bytes(desk: Desk, api: Client) -> None:
    await download(desk, api)
    (row,) = await desk.all(DOCUMENTS)
    answer = await api("HEAD", f"/api/v1/documents/{row['document_id']}/content")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, str(len(DATA)), b"")


async def test_what_can_carry_script_is_not_named_so(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, "page.html", "text/html")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_lost_file_is_said_to_be_lost(desk: Desk, api: Client) -> None:
    await download(desk, api)
    (row,) = await desk.all(DOCUMENTS)
    await desk.context.store.delete(row["storage_key"])
    answer = await api.get(f"/api/v1/documents/{row['document_id']}/content")
    assert (answer.status, answer.json()["code"]) == (503, "storage")
