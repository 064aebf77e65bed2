"""PATCH and DELETE of an upload for senders that can only POST (tus 1.0.0, X-HTTP-Method-Override)."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

UPLOADS = "/uploads/"
INSTEAD_OF_POST = frozenset({"PATCH", "DELETE"})


class MethodOverride:
    """Has a POST to an upload be the method that its header names: that one's route, permission and entry."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; everywhere but at uploads the header says nothing."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(UPLOADS):
            named = Headers(scope=scope).get("x-http-method-override")
            if named in INSTEAD_OF_POST:
                scope = {**scope, "method": named}
        await self.app(scope, receive, send)
