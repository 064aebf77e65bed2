"""The signed-in HTTP client of the command-line tools: private_key_jwt, and proofs of possession.

OAuth 2.0 client credentials with a client assertion (RFC 7523). A token lives five
minutes; a new one is fetched when it is about to run out. It is bound to a key of this process, which
each request proves (DPoP, RFC 9449).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import httpx

from service.clock import Clock, Randomness
from service.keys import folder_key, folder_party
from service.problems.tools import ClockDiffers, ServiceUnreachable
from service.signed import SigningKey, TextType

AUDIENCE = "tre-linkage"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
MARGIN = timedelta(seconds=20)
CLOCK_SECONDS = 30
"""How far clocks may be apart before sign-ins are refused for it."""
TIMEOUT = httpx.Timeout(30.0, write=600.0, read=600.0)


class RemoteProblem(Exception):
    """The service refused; its problem details, as they were sent (RFC 9457)."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("title", f"HTTP {status}")))
        self.status = status
        self.body = body

    @property
    def slug(self) -> str:
        """The last part of the problem's type."""
        return str(self.body.get("type", "")).rsplit("/", 1)[-1]


def client_assertion(principal_id: str, key: SigningKey, *, clock: Clock, random: Randomness) -> str:
    """A client assertion (RFC 7523 §3): who signs, for whom, once, for a minute."""
    now = int(clock().timestamp())
    claims = {
        "iss": principal_id,
        "sub": principal_id,
        "aud": AUDIENCE,
        "jti": random(16).hex(),
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    return key.sign_bytes(json.dumps(claims).encode(), TextType.ASSERTION)


class Proving(httpx.Auth):
    """Says with each request that who makes it holds the key that the token is bound to (RFC 9449 §4)."""

    def __init__(
        self, key: SigningKey, token: str | None = None, *, clock: Clock, random: Randomness
    ) -> None:
        self._key, self._token = key, token
        self._clock, self._random = clock, random

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its proof, and its token where there is one already."""
        claims: dict[str, str | int] = {
            "jti": self._random(16).hex(),
            "htm": request.method,
            "htu": str(request.url.copy_with(query=None, fragment=None)),
            "iat": int(self._clock().timestamp()),
        }
        if self._token is not None:
            digest = hashlib.sha256(self._token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            request.headers["authorization"] = f"DPoP {self._token}"
        request.headers["dpop"] = self._key.prove(json.dumps(claims).encode())
        yield request


class Client:
    """Requests of one principal to one service."""

    def __init__(
        self, http: httpx.Client, principal_id: str, key: SigningKey, *, clock: Clock, random: Randomness
    ) -> None:
        self._http = http
        self.principal_id = principal_id
        self._key = key
        self._own = SigningKey.generate()  # tokens are bound to it; it never leaves this process
        self._clock = clock
        self._random = random
        self._token: tuple[str, datetime] | None = None

    @classmethod
    def from_folder(cls, url: str, folder: Path, *, clock: Clock, random: Randomness) -> Self:
        """A client for the owner of a key folder."""
        try:
            http = httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=True, follow_redirects=False)
        except httpx.InvalidURL:
            raise ServiceUnreachable from None
        return cls(http, folder_party(folder).principal_id, folder_key(folder), clock=clock, random=random)

    @property
    def address(self) -> str:
        """The address of the service."""
        return str(self._http.base_url)

    def close(self) -> None:
        """End the connections; no request is made after it."""
        self._http.close()

    def get(self, path: str, **params: str | int) -> Any:  # noqa: ANN401  # JSON
        """The JSON at a path."""
        return _json(self._send("GET", path, params=params))

    def pages(self, path: str, **params: str | int) -> Iterator[Any]:
        """The JSON of each page of a list, as the Link headers of the service lead on (RFC 8288)."""
        answer = self._send("GET", path, params=params)
        yield _json(answer)
        while following := answer.links.get("next"):
            address = following["url"]
            if not address.startswith("/") or address.startswith("//"):
                raise ServiceUnreachable  # our token goes to nobody else
            answer = self._send("GET", address)
            yield _json(answer)

    def download(self, path: str) -> bytes:
        """The bytes at a path."""
        return self._send("GET", path).content

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
        """The JSON answered to a JSON body."""
        return _json(self._send("POST", path, json=body))

    def exchange(
        self, method: str, path: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> httpx.Headers:
        """The headers answered to a request that is made of headers and bytes."""
        return self._send(method, path, headers=headers, content=content).headers

    def token(self) -> str:
        """A live access token."""
        now = self._clock()
        if self._token is None or self._token[1] - MARGIN <= now:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": client_assertion(
                    self.principal_id, self._key, clock=self._clock, random=self._random
                ),
            }
            self._token = _token(_json(self._exchange("POST", "/token", data=form)), now)
        return self._token[0]

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        **kw: Any,  # noqa: ANN401  # httpx's own
    ) -> httpx.Response:
        return self._exchange(method, path, self.token(), headers=headers, **kw)

    def _exchange(
        self,
        method: str,
        path: str,
        token: str | None = None,
        **kw: Any,  # noqa: ANN401  # httpx's own
    ) -> httpx.Response:
        proving = Proving(self._own, token, clock=self._clock, random=self._random)
        try:
            answer = self._http.request(method, path, auth=proving, **kw)
        except (httpx.RequestError, httpx.InvalidURL):
            raise ServiceUnreachable from None
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._check_clock(answer)
        if answer.is_error:
            raise RemoteProblem(answer.status_code, _problem_body(answer))
        return answer

    def _check_clock(self, answer: httpx.Response) -> None:
        """Raise ClockDiffers where the service's clock, which it says, is too far from ours to sign in."""
        try:
            theirs = parsedate_to_datetime(answer.headers["date"])
        except (KeyError, ValueError):
            return
        apart = abs((self._clock() - theirs).total_seconds())
        if apart > CLOCK_SECONDS:
            raise ClockDiffers(faults=[{"pointer": "clock", "code": f"{int(apart)} seconds apart"}])


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401
    """The JSON of an answer; whatever answers something else in the service's place is not the service."""
    try:
        return answer.json()
    except ValueError:
        raise ServiceUnreachable from None


def _token(answer: Any, now: datetime) -> tuple[str, datetime]:  # noqa: ANN401  # JSON
    match answer:
        case {"access_token": str(token), "expires_in": int(seconds)}:
            return token, now + timedelta(seconds=seconds)
        case _:
            raise ServiceUnreachable


def _problem_body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
