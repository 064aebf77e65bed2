"""A service that takes one delivery, and a client that asks it."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx

from service.client import Client
from service.keys import folder_key
from tests.unit.provider.desk import Desk

Answer = Callable[[httpx.Request], httpx.Response]


class Service:
    """Answers as the api does for one delivery; the receipt enters the log after some looks."""

    def __init__(self, looks_until_logged: int = 0, **changes: object) -> None:
        self.data = bytearray()
        self.pieces: list[int] = []
        self.requests: list[tuple[str, str]] = []
        self.uploads = 0
        self.faults: list[httpx.Response | Exception] = []
        """What the next pieces are answered, before any is taken."""
        self.loses = False
        """Whether it forgets every upload."""
        self._looks = looks_until_logged
        self._changes = changes

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 300})
        if request.url.path.endswith("/uploads"):
            self.data.clear()
            self.uploads += 1
            return httpx.Response(201, headers={"location": f"/uploads/{self.uploads:032x}"})
        if request.method == "HEAD":
            return httpx.Response(404) if self.loses else self._standing()
        return self._take(request) if request.method == "PATCH" else self._receipt(request)

    def _standing(self) -> httpx.Response:
        return httpx.Response(204, headers={"upload-offset": str(len(self.data))})

    def _take(self, request: httpx.Request) -> httpx.Response:
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault
        piece = request.read()
        headers = request.headers
        assert (headers["tus-resumable"], headers["authorization"]) == ("1.0.0", "DPoP token")
        assert headers["content-type"] == "application/offset+octet-stream"
        assert headers["upload-offset"] == str(len(self.data))
        assert headers["upload-checksum"] == f"sha256 {b64encode(hashlib.sha256(piece).digest()).decode()}"
        self.pieces.append(len(piece))
        self.data += piece
        return self._standing()

    def _receipt(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert json.loads(request.content) == {"upload_id": f"{self.uploads:032x}"}
        else:
            self._looks -= 1
        receipt: dict[str, object] = {
            "submission_id": "0190" * 8,
            "sealed_sha256": hashlib.sha256(self.data).hexdigest(),
            "log_index": 41 if self._looks <= 0 else None,
            "state": "received",
        }
        return httpx.Response(201, json=receipt | self._changes)


def a_client(desk: Desk, answer: Answer) -> Client:
    http = httpx.Client(base_url="http://service.test", transport=httpx.MockTransport(answer))
    return Client(
        http,
        "cancer-registry",
        folder_key(desk.keys),
        clock=lambda: datetime(2025, 4, 1, tzinfo=UTC),
        random=secrets.token_bytes,
    )


def note_of(sealed: Desk) -> Path:
    return sealed.package.with_name(f"{sealed.package.name}.upload.json")
