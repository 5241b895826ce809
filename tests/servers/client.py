"""A bare client of the local Graph server: what is asked, and what came back."""

from __future__ import annotations

from typing import Any

import aiohttp

from tests.servers.graph import GraphServer


class Client:
    """A client of the server with a token, which prefers immutable ids."""

    def __init__(self, graph: GraphServer, session: aiohttp.ClientSession) -> None:
        self.graph = graph
        self.session = session
        self.headers = {"Prefer": 'IdType="ImmutableId"'}

    async def log_in(self, **changed: str) -> tuple[int, dict[str, Any]]:
        graph = self.graph
        form = {"client_id": graph.client_id, "client_secret": graph.client_secret, "scope": f"{graph.url}/.default"}
        form |= {"grant_type": "client_credentials"} | changed
        async with self.session.post(f"{graph.url}/{graph.directory_id}/oauth2/v2.0/token", data=form) as response:
            content = await response.json()
            if response.status == 200:
                self.headers["Authorization"] = f"Bearer {content['access_token']}"
            return response.status, content

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any, Any]:
        """Give the status, the content (JSON or bytes) and the headers."""
        url = path if path.startswith("http") else f"{self.graph.url}/v1.0{path}"
        headers = self.headers | options.pop("headers", {})
        asked = self.session.request(method, url, headers=headers, allow_redirects=False, **options)
        async with asked as response:
            is_json = response.content_type == "application/json" and response.status != 204
            return response.status, await (response.json() if is_json else response.read()), response.headers

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        status, content, _ = await self.ask("GET", path, **options)
        return status, content
