"""Bodies that are read whole are read within a limit."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from service.problems.requests import RequestTooLarge

BODY_LIMIT_BYTES = 1 << 20
Handle = Callable[[Request], Coroutine[Any, Any, Response]]


async def within_limit(request: Request, limit: int = BODY_LIMIT_BYTES) -> Request:
    """The request with its body read; raises RequestTooLarge as soon as it is known to be."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise RequestTooLarge(limit_bytes=limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RequestTooLarge(limit_bytes=limit)
    return Request(request.scope, _once(bytes(body), request))


def _once(body: bytes, request: Request) -> Callable[[], Coroutine[Any, Any, Message]]:
    told = False

    async def receive() -> Message:
        nonlocal told
        if told:
            return await request.receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


class LimitedRoute(APIRoute):
    """A route whose body, if it takes one, is read within the limit; uploads read theirs themselves."""

    def get_route_handler(self) -> Handle:
        """The handler behind the limit."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def limited(request: Request) -> Response:
            return await handle(await within_limit(request) if takes_body else request)

        return limited
