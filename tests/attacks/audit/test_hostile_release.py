"""A release whose text is signed but not a release, and signatures that are none."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from service.audit import archive as archives
from service.audit.archive import NotVerified, open_archive
from service.audit.bundle import Pins, verify_package
from service.audit.canonical import canonical
from service.audit.signature import RELEASE_TYPE, keys_of, verified_payload
from service.signed import SigningKey, TextType
from tests.unit.audit.log_factories import TABLE, a_log, a_signer, packed, release_members

KEY = SigningKey.generate()
KEYS = keys_of([KEY.public.model_dump()])
SIGNED = KEY.sign_bytes(b"words", TextType.RELEASE)


def package(folder: Path, said: dict[str, Any], files: dict[str, bytes]) -> Path:
    keys = canonical({"release": [KEY.public.model_dump()]})
    return packed(folder / "package.zip", {"release.json": canonical(said), "keys.json": keys, **files})


@pytest.mark.parametrize(
    "files",
    [
        None,
        "all",
        ["table.csv"],
        [{"name": 7}],
        [
            {"name": "table.csv", "sha256": "0", "size_bytes": 1},
            {"name": "table.csv", "sha256": "1", "size_bytes": 1},
        ],
    ],
)
def test_a_signed_statement_that_does_not_name_each_file_once_is_refused(
    tmp_path: Path, files: object
) -> None:
    statement = {"release_id": "ab" * 16, "files": files}
    said = {
        "statement": statement,
        "signature": KEY.sign_bytes(canonical(statement), TextType.RELEASE),
        "log": {},
    }
    with pytest.raises(NotVerified, match="does not name each file once"):
        verify_package(package(tmp_path, said, {"table.csv": TABLE}), Pins(log=a_signer().key))


def test_a_release_that_was_made_here_is_accepted(tmp_path: Path) -> None:
    members = release_members(a_log(tmp_path), KEY, {"table.csv": TABLE, "table.json": b"{}"})
    said = json.loads(members.pop("release.json"))
    assert verify_package(package(tmp_path, said, members), Pins(log=a_signer().key)).index == 0


def test_what_the_service_signs_the_auditor_verifies() -> None:
    assert verified_payload(SIGNED, KEYS, RELEASE_TYPE) == b"words"


def with_header(header: bytes) -> str:
    return base64.urlsafe_b64encode(header).rstrip(b"=").decode() + SIGNED[SIGNED.index(".") :]


@pytest.mark.parametrize(
    ("compact", "why"),
    [
        ("", "no compact JWS"),
        (SIGNED + ".", "no compact JWS"),
        ("é" + SIGNED, "base64url"),
        (SIGNED + "=", "one spelling|base64url"),
        ("A" + SIGNED, "base64url|JSON"),
        (with_header(b"{"), "not JSON"),
        (with_header(b"[" * 20_000), "not JSON"),
        (with_header(b"[]"), "not alg, typ and kid"),
        (with_header(b'{"alg":"Ed25519"}'), "not alg, typ and kid"),
        (with_header(b'{"alg":"none","typ":"tre-release+jws","kid":"x"}'), "another algorithm"),
        (with_header(b'{"alg":"HS256","typ":"tre-release+jws","kid":"x"}'), "another algorithm"),
        (with_header(b'{"alg":"Ed25519","typ":"tre-release+jws","kid":"x"}'), "not a release key"),
        (with_header(b'{"alg":"Ed25519","typ":"tre-release+jws","kid":["x"]}'), "not a release key"),
        (KEY.sign_bytes(b"words", TextType.DECISION), "another purpose"),
        (SIGNED.replace(SIGNED.split(".")[1], "d29yZHo"), "does not verify"),
    ],
)
def test_what_is_not_a_release_signature_is_refused(compact: str, why: str) -> None:
    with pytest.raises(NotVerified, match=why):
        verified_payload(compact, KEYS, RELEASE_TYPE)


def test_a_key_that_is_no_point_or_no_base64_is_refused() -> None:
    for x in ("!", "AAAA", "A" * 44):
        with pytest.raises(NotVerified):
            keys_of([{"kty": "OKP", "crv": "Ed25519", "x": x}])


def test_an_archive_over_its_caps_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "archive.zip", {"a": b"0123456789", "b": b"0123456789"})
    for cap, limit in (("ARCHIVE_BYTES", 19), ("MEMBERS", 1), ("MEMBER_BYTES", 9)):
        with monkeypatch.context() as tight:
            tight.setattr(archives, cap, limit)
            with pytest.raises(NotVerified, match="too"), open_archive(path):
                pass
    with open_archive(path) as archive:
        assert archive.read("a") == b"0123456789"
