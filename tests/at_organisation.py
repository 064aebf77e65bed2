"""An organisation's identity provider for tests: real answers and signatures; a test may have it lie."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from service.keys import write_private
from service.openid.provider import identity_provider
from service.openid.signatures import AssertionKey
from service.organisations.routes import BACK, COOKIE
from tests.at_browser import OURS
from tests.at_work import AtWork

ISSUER = "https://login.trust.example/realm"
CLIENT = "tre"
HASH_OF = {"EdDSA": hashlib.sha512, "Ed25519": hashlib.sha512, "ES384": hashlib.sha384}


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def a_key(algorithm: str = "ES256") -> Key:
    if algorithm.startswith("E") and algorithm[1] == "S":
        return ECKey.generate_key({"ES256": "P-256", "ES384": "P-384"}[algorithm])
    return OKPKey.generate_key("Ed25519") if algorithm.startswith("E") else RSAKey.generate_key(2048)


def a_registration(folder: Path, **changes: Any) -> Path:
    """The file of a registration, and the key that it names."""
    folder.mkdir(exist_ok=True)
    credential = folder / "provider.jwk"
    if not credential.exists():
        write_private(credential, AssertionKey.generate().to_jwk())
    said = {
        "issuer": ISSUER,
        "client_id": CLIENT,
        "credential": str(credential),
        "algorithm": "ES256",
        "amr": ["mfa"],
        **changes,
    }
    path = folder / "identity-provider.json"
    path.write_text(json.dumps(said))
    return path


@dataclass
class Organisation:
    """A provider that answers over WSGI, as one over HTTP would."""

    clock: Callable[[], Any]
    algorithm: str = "ES256"
    key: Key = field(default_factory=a_key)
    kid: str | None = "first"
    subject: str = "s-4711"
    claims: dict[str, Any] = field(default_factory=dict)
    """What of an ID token is another than it should be; None takes a claim out."""
    header: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    body: bytes | None = None
    fails: list[str] = field(default_factory=list)
    """The last parts of paths that are answered with a fault."""
    asked: list[tuple[str, dict[str, str], Mapping[str, str]]] = field(default_factory=list)
    nonces: dict[str, str] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        sent = environ["wsgi.input"].read().decode()
        headers = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
        self.asked.append((path, dict(parse_qsl(sent)), headers))
        away = path.rpartition("/")[2] in self.fails
        status, body = (500, b"") if away else self._answer(path, dict(parse_qsl(sent)))
        start(f"{status} answer", [("content-type", "application/json")])
        return [body]

    def _answer(self, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        if path.endswith("/.well-known/openid-configuration"):
            return 200, json.dumps(self.metadata()).encode()
        if path.endswith("/keys"):
            return 200, json.dumps({"keys": [self.public()]}).encode()
        if self.body is not None or self.status != 200:
            return self.status, self.body or b"{}"
        code, verifier = form["code"], form["code_verifier"]
        challenge = self.challenges.pop(code, None)  # a code serves once
        if challenge != text(hashlib.sha256(verifier.encode()).digest()):
            return 400, b'{"error":"invalid_grant"}'
        access = "opaque-access-token"
        made = {"id_token": self.id_token(self.nonces[code], access), "access_token": access}
        return 200, json.dumps(made).encode()

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_response_iss_parameter_supported": True,
            **self.document,
        }

    def public(self) -> dict[str, Any]:
        kid = {"kid": self.kid} if self.kid else {}
        return {**self.key.as_dict(private=False), **kid, "use": "sig", "alg": self.algorithm}

    def id_token(self, nonce: str, access_token: str | None = None) -> str:
        now = int(self.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "amr": ["pwd", "mfa"],
        }
        if access_token is not None:
            digest = HASH_OF.get(self.algorithm, hashlib.sha256)(access_token.encode()).digest()
            claims["at_hash"] = text(digest[: len(digest) // 2])
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        kid = {"kid": self.kid} if self.kid else {}
        header = {"alg": self.algorithm, "typ": "JWT", **kid, **self.header}
        registry = jws.JWSRegistry(algorithms=[self.algorithm], strict_check_header=False)
        return jws.serialize_compact(header, json.dumps(claims).encode(), self.key, registry=registry)

    def signs_in(self, address: str) -> dict[str, str]:
        """What a person's browser brings back who signed in at that address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.nonces)}"
        self.nonces[code], self.challenges[code] = asked["nonce"], asked["code_challenge"]
        return {"code": code, "state": asked["state"], "iss": ISSUER}


def with_organisation(service: AtWork, folder: Path, **changes: Any) -> Organisation:
    """An organisation that a service knows from now on."""
    made = Organisation(clock=service.clock, **changes)
    path = a_registration(folder / "organisation", algorithm=made.algorithm)
    provider = identity_provider(
        path, clock=service.clock, random=service.random, transport=httpx.WSGITransport(app=made)
    )
    service.app.state.surroundings = service.here = replace(service.here, provider=provider)
    return made


@dataclass
class Traveller:
    """A browser that is sent to another site and comes back, with what it keeps."""

    service: AtWork
    kept: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, headers: Mapping[str, str] = OURS, **more: Any) -> Any:
        cookies = "; ".join(f"{name}={value}" for name, value in self.kept.items())
        self.service.client.cookies.clear()
        answer = self.service.client.request(
            method,
            path,
            headers={**headers, **({"cookie": cookies} if cookies else {})},
            follow_redirects=False,
            **more,
        )
        self.kept |= {name: value for name, value in answer.cookies.items() if value}
        return answer

    def sets_out(self, path: str = "/sign-in/provider") -> str:
        """The address that the person is sent to."""
        answer = self.send("POST", path)
        assert answer.status_code == 200, answer.text
        address: str = answer.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
        return address

    def returns(self, brought: Mapping[str, str]) -> Any:
        """As another site leads a browser: no strict cookie, no origin."""
        there = {name: value for name, value in self.kept.items() if name == COOKIE}
        kept, self.kept = self.kept, there
        answer = self.send("GET", BACK, {"sec-fetch-site": "cross-site"}, params=dict(brought))
        self.kept = kept | self.kept
        return answer
