from __future__ import annotations

import base64

import pytest

from service.audit.checkpoint import Checkpoint, LogKey, LogProof, LogSigner, NotACheckpoint, decode, encode
from tests.unit.audit.log_factories import ORIGIN, a_signer

ROOT = bytes(range(32))
NOTE = a_signer().sign(7, ROOT)


def test_a_checkpoint_has_the_form_of_tlog_checkpoint() -> None:
    text, _, signature = NOTE.partition("\n\n")
    assert text == f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()}"
    assert signature.startswith(f"— {ORIGIN} ")
    assert signature.endswith("\n")


def test_the_published_example_key_and_note_of_gos_note_package_open() -> None:
    # golang.org/x/mod/sumdb/note, example_test.go: PeterNeumann. Its text is no checkpoint: only the
    # signature is reached, so that the refusal is about the lines.
    key = LogKey.from_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
        "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    with pytest.raises(NotACheckpoint, match="three lines"):
        key.open(note)
    with pytest.raises(NotACheckpoint, match="does not verify"):
        key.open(note.replace("answer", "solution"))


def test_signatures_of_other_keys_are_passed_over() -> None:
    witness = LogSigner("witness.example/w1", a_signer(seed=9).private)
    line = witness.sign(7, ROOT).rpartition("\n\n")[2].replace("witness.example/w1", "witness.example/w2")
    assert a_signer().key.open(NOTE + line) == Checkpoint(ORIGIN, 7, ROOT)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (a_signer(seed=2).sign(7, ROOT), "no signature"),
        (a_signer(origin="other.example/log").sign(7, ROOT), "no signature"),
        (NOTE.replace("\n7\n", "\n8\n"), "does not verify"),
        (NOTE.replace("\n7\n", "\n07\n"), "does not verify"),
        (NOTE + NOTE.splitlines()[-1][:-6] + "AAAA==\n", "canonical|does not verify|no signature"),
        (NOTE.rstrip("\n"), "not a signed note"),
        (NOTE + "\n", "not a signed note|other form"),
        (NOTE.replace("\n\n", "\n"), "not a signed note"),
        (NOTE + "- not a signature line\n", "other form"),
        (NOTE + "— a.example AAA\n", "base64"),
        (NOTE + "— a.example AAAAAB==\n", "canonical"),
        (NOTE + NOTE.splitlines()[-1] * 1 + "\n" * 1 + "— a.example AAAA\n" * 64, "not a signed note"),
        (NOTE.replace("\n7\n", "\n7\r\n"), "control"),
        ("", "not a signed note"),
        ("x" * (1 << 20) + NOTE, "too long"),
    ],
)
def test_a_note_that_is_not_this_logs_is_refused(note: str, why: str) -> None:
    with pytest.raises(NotACheckpoint, match=why):
        a_signer().key.open(note)


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    signer = a_signer()
    for text in ("a\n", f"{ORIGIN}\n07\n{encode(ROOT)}\n", f"{ORIGIN}\n7\n{encode(ROOT)}\nextension\n"):
        signature = encode(signer.key.key_hash + signer.private.sign(text.encode()))
        with pytest.raises(NotACheckpoint):
            signer.key.open(f"{text}\n— {ORIGIN} {signature}\n")


def test_a_checkpoint_of_another_origin_under_our_name_is_refused() -> None:
    signer = a_signer()
    text = Checkpoint("other.example/log", 7, ROOT).to_text()
    signature = encode(signer.key.key_hash + signer.private.sign(text.encode()))
    with pytest.raises(NotACheckpoint, match="another log"):
        signer.key.open(f"{text}\n— {ORIGIN} {signature}\n")


@pytest.mark.parametrize(
    "text",
    ["", "a+b", "a+00000000+AA==", "a+00000000+!", a_signer().key.to_text() + "\n", "a b+00000000+AQ=="],
)
def test_a_text_that_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(NotACheckpoint):
        LogKey.from_text(text)


def test_a_verifier_key_with_another_hash_or_type_is_refused() -> None:
    origin, key_hash, key = a_signer().key.to_text().split("+", 2)
    other_type = encode(b"\x02" + decode(key)[1:])
    for text in (
        f"{origin}+{'0' * 8}+{key}",
        f"{origin}+{key_hash}+{other_type}",
        f"x{origin}+{key_hash}+{key}",
    ):
        with pytest.raises(NotACheckpoint):
            LogKey.from_text(text)


def test_a_key_of_the_wrong_form_signs_nothing() -> None:
    with pytest.raises(NotACheckpoint):
        a_signer(origin="two words").sign(1, ROOT)
    with pytest.raises(NotACheckpoint):
        a_signer().sign(-1, ROOT)
    with pytest.raises(NotACheckpoint):
        a_signer().sign(1, ROOT[:31])


def test_the_private_key_is_not_shown() -> None:
    assert "private" not in repr(a_signer())


@pytest.mark.parametrize(
    "change",
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 3", "index 03"),
        ("index 3", "place 3"),
        ("index 3", "extra AAAA\nindex 3"),
        ("\n\n", "\n"),
        ("AAAA", "AAA"),
    ],
)
def test_a_text_that_is_no_proof_is_refused(change: tuple[str, str]) -> None:
    text = LogProof(3, (bytes(32),), NOTE).to_text()
    assert LogProof.from_text(text).index == 3
    with pytest.raises(NotACheckpoint):
        LogProof.from_text(text.replace(*change))


def test_a_proof_with_more_hashes_than_a_tree_has_levels_is_refused() -> None:
    with pytest.raises(NotACheckpoint):
        LogProof.from_text(LogProof(3, (bytes(32),) * 65, NOTE).to_text())
