"""Bodies that are read whole are read within a limit."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from service.problems.requests import RequestTooLarge, RequestUnreadable

BODY_LIMIT_BYTES = 1 << 20
FORM = "application/x-www-form-urlencoded"
FORM_LIMIT_BYTES = 1 << 14
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


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form, each of which is there once; raises RequestUnreadable or RequestTooLarge."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise RequestUnreadable
    body = await (await within_limit(request, FORM_LIMIT_BYTES)).body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=16
        )
    except ValueError:
        raise RequestUnreadable from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RequestUnreadable
    return fields


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
