"""A service in the real one's place: relays every request, and changes what it answers."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from service.client import Proving
from service.clock import utc_now
from service.signed import SigningKey

Change = Callable[[dict[str, Any]], dict[str, Any]]
HOP_BY_HOP = {
    "connection",
    "transfer-encoding",
    "content-length",
    "content-encoding",
    "date",
    "server",
    "host",
    "dpop",
}


@dataclass
class HostileService:
    """What it is asked, and what it makes of the answers."""

    real: str
    changes: dict[str, Change] = field(default_factory=dict)
    """By the end of an address: what becomes of the JSON that the real service answered."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""
    own: SigningKey = field(default_factory=SigningKey.generate)

    def posted(self) -> list[str]:
        """The addresses of everything that was sent to it, signing in apart."""
        return [path for method, path in self.asked if method != "GET" and path != "/token"]

    def relay(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        """What the real service says, or what this one says in its name."""
        self.asked.append((method, path))
        self.bodies.append(body)
        sent = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
        # What a client proved is for this address: it has tokens bound to a key of its own instead.
        token = next((v.partition(" ")[2] for k, v in sent.items() if k.lower() == "authorization"), None)
        proving = Proving(self.own, token, clock=utc_now, random=secrets.token_bytes)
        with httpx.Client(base_url=self.real, trust_env=False, timeout=30) as http:
            answer = http.request(method, path, headers=sent, content=body, auth=proving)
        change = next((c for end, c in self.changes.items() if path.endswith(end)), None)
        if change is None or method != "GET" or answer.is_error:
            return answer
        return httpx.Response(answer.status_code, json=change(json.loads(answer.content)))


@contextmanager
def hostile_service(real: str) -> Iterator[HostileService]:
    """One that listens until the end of the block."""
    hostile = HostileService(real)

    class Handler(BaseHTTPRequestHandler):
        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = hostile.relay(self.command, self.path, dict(self.headers), body)
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers.get("content-type", "application/json"))
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _relay  # noqa: N815  # names that the standard library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    hostile.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hostile
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
