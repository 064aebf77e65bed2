"""A bundle under keys and checkpoints kept elsewhere: they decide, not the bundle's own word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.audit.verify import main
from service.signed import SigningKey
from tests.attacks.audit.tampering import RELEASE_JSON, Members, release
from tests.unit.audit.log_factories import a_signer, bundle_members, packed


def test_a_whole_forged_log_verifies_by_its_own_word_but_not_by_a_pinned_key(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = packed(tmp_path / "bundle.zip", members)
    (tmp_path / "pinned.vkey").write_text(a_signer(seed=3).key.to_text() + "\n")
    (tmp_path / "ours.vkey").write_text(a_signer().key.to_text() + "\n")
    assert main(["verify", str(bundle), "--vkey", str(tmp_path / "pinned.vkey")]) == 1
    assert main(["verify", str(bundle), "--vkey", str(tmp_path / "ours.vkey")]) == 0
    assert "log key: pinned" in capsys.readouterr().out


def test_a_release_key_kept_elsewhere_decides(tmp_path: Path, members: Members) -> None:
    bundle = packed(tmp_path / "bundle.zip", members)
    [jwk] = json.loads(members["keys.json"])["release"]
    (tmp_path / "ours.jwk").write_text(json.dumps(jwk, indent=1))
    (tmp_path / "other.jwk").write_text(SigningKey.generate().public.model_dump_json())
    assert main(["verify", str(bundle), "--release-key", str(tmp_path / "ours.jwk")]) == 0
    assert main(["verify", str(bundle), "--release-key", str(tmp_path / "other.jwk")]) == 1


def test_a_newer_checkpoint_kept_elsewhere_shows_a_truncated_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "then").mkdir()
    bundle = packed(tmp_path / "bundle.zip", bundle_members(tmp_path / "then"))
    (tmp_path / "kept").write_text(a_signer().sign(15, bytes(32)))
    assert main(["verify", str(bundle), "--checkpoint", str(tmp_path / "kept")]) == 1
    assert "11 entries, a signed checkpoint has 15" in capsys.readouterr().err


def test_an_older_checkpoint_kept_elsewhere_shows_a_rewritten_log(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = packed(tmp_path / "bundle.zip", members)
    kept = tmp_path / "kept"
    kept.write_text(release(members)["log"]["proof"].partition("\n\n")[2])
    assert main(["verify", str(bundle), "--checkpoint", str(kept)]) == 0
    kept.write_text(a_signer().sign(5, bytes(32)))
    assert main(["verify", str(bundle), "--checkpoint", str(kept)]) == 1
    assert "the log no longer begins with its tree" in capsys.readouterr().err
    kept.write_text("not a note")
    assert main(["verify", str(bundle), "--checkpoint", str(kept)]) == 1


def test_a_release_of_another_log_with_the_same_key_is_refused(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    from_elsewhere = bundle_members(tmp_path, before=8)
    members[RELEASE_JSON] = from_elsewhere[RELEASE_JSON]
    members["keys.json"] = from_elsewhere["keys.json"]
    assert main(["verify", str(packed(tmp_path / "bundle.zip", members))]) == 1
    assert "is not entry 8 of this log" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--vkey", "--release-key", "--checkpoint"])
@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"not it"])
def test_a_pinned_file_that_cannot_be_used_is_refused(
    tmp_path: Path, members: Members, option: str, content: bytes | None
) -> None:
    pinned = tmp_path / "pinned"
    if content is not None:
        pinned.write_bytes(content)
    bundle = packed(tmp_path / "bundle.zip", members)
    assert main(["verify", str(bundle), option, str(pinned)]) == 1
