"""A person with a browser's manners: keeps cookies, fills in forms, says where a form came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

from maildock.access.people import add_user
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.web.server import Answer, Client

PASSWORD = "correct horse battery"


@dataclass
class Visitor:
    """Somebody at an origin; `cookies` by name."""

    origin: str
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Answer:
        """Open an address, without following where it sends us."""
        return self._keep(await Client(self.origin, {**self._cookie(), **headers}).get(path))

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form."""
        body = urlencode(fields).encode()
        given = {"Origin": self.origin, **self._cookie(), **headers}
        client = Client(self.origin, given)
        return self._keep(await client("POST", path, body, Content_Type="application/x-www-form-urlencoded"))

    async def upload(self, path: str, csrf: str, name: str, data: bytes) -> Answer:
        """Send a form with a file."""
        return await self.send_files(path, {"csrf": csrf}, {"file": data}, name)

    async def send_files(
        self, path: str, fields: dict[str, str], files: dict[str, bytes], file_name: str = "a"
    ) -> Answer:
        """Send a form with files."""
        parts = [f'form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        for name, data in files.items():
            parts.append(f'form-data; name="{name}"; filename="{file_name}"\r\n\r\n'.encode() + data)
        body = b"".join(b"--b\r\nContent-Disposition: " + part + b"\r\n" for part in parts) + b"--b--\r\n"
        client = Client(self.origin, {"Origin": self.origin, **self._cookie()})
        return await client("POST", path, body, Content_Type="multipart/form-data; boundary=b")

    async def log_in(self, email: str, password: str = PASSWORD, **fields: str) -> Answer:
        """Send the login form."""
        return await self.post("/login", {"email": email, "password": password, **fields})

    async def csrf(self) -> str:
        """Read the signature that this session's forms carry."""
        return hidden(await self.text("/mail"), "csrf")

    async def text(self, path: str) -> str:
        """Open a page that is there."""
        answer = await self.get(path)
        assert answer.status == 200, (path, answer.status)
        return answer.body.decode()

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def _keep(self, answer: Answer) -> Answer:
        for cookie in answer.headers.get_all("set-cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer


def hidden(page: str, name: str) -> str:
    """Read a hidden field of the first form that has it."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


async def person(context: Context, tenant: Tenant, origin: str, email: str, *, admin: bool = False) -> Visitor:
    """Make somebody of the tenant, logged in."""
    await add_user(context.database, tenant.tenant, email, PASSWORD, admin=admin)
    visitor = Visitor(origin)
    answer = await visitor.log_in(email, tenant=tenant.name)
    assert answer.status == 303, answer.body
    return visitor
