"""Every kind of thing in a bundle, changed: the verifier refuses and names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.audit.canonical import canonical
from service.audit.checkpoint import encode
from service.audit.verify import main
from service.signed import SigningKey, TextType, sign
from tests.attacks.audit.tampering import RELEASE, RELEASE_JSON, Members, flipped, release
from tests.unit.audit.log_factories import TABLE, a_signer, a_statement, packed


def with_line(members: Members, number: int, **changes: Any) -> None:
    lines = members["entries.jsonl"].splitlines()
    lines[number] = canonical({**json.loads(lines[number]), **changes})
    members["entries.jsonl"] = b"\n".join(lines) + b"\n"


def line(members: Members, number: int) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(members["entries.jsonl"].splitlines()[number])
    return fields


def change_entry(members: Members) -> None:
    entry = line(members, 3)["entry"]
    with_line(members, 3, entry=entry.replace("researcher-one", "researcher-two"))


def change_entry_and_its_leaf(members: Members) -> None:
    other = line(members, 4)
    with_line(members, 3, entry=other["entry"], salt=other["salt"], leaf=other["leaf"])


def change_salt(members: Members) -> None:
    with_line(members, 3, salt=encode(bytes(16)))


def shorten_salt(members: Members) -> None:
    with_line(members, 3, salt=encode(bytes(15)))


def change_leaf(members: Members) -> None:
    with_line(members, 3, leaf=encode(bytes(32)))


def add_field_to_line(members: Members) -> None:
    with_line(members, 3, note="unsigned words")


def respell_line(members: Members) -> None:
    members["entries.jsonl"] = members["entries.jsonl"].replace(b'{"entry"', b'{ "entry"', 1)


def write_a_free_text_entry(members: Members) -> None:
    entry = line(members, 3)["entry"]
    with_line(members, 3, entry=entry.replace("researcher-one", "Jane Smith"))


def change_checkpoint_size(members: Members) -> None:
    members["checkpoint"] = members["checkpoint"].replace(b"\n11\n", b"\n10\n")


def change_checkpoint_signature(members: Members) -> None:
    members["checkpoint"] = flipped(members["checkpoint"], -10)


def sign_checkpoint_with_another_key(members: Members) -> None:
    members["checkpoint"] = a_signer(seed=2).sign(11, bytes(32)).encode()


def change_vkey(members: Members) -> None:
    members["log.vkey"] = flipped(members["log.vkey"], -10)


def drop_last_entry(members: Members) -> None:
    members["entries.jsonl"] = b"\n".join(members["entries.jsonl"].splitlines()[:-1]) + b"\n"


def add_an_entry(members: Members) -> None:
    last = {**line(members, 10), "index": 11}
    members["entries.jsonl"] += canonical(last) + b"\n"


def swap_two_entries(members: Members) -> None:
    lines = members["entries.jsonl"].splitlines()
    lines[2], lines[3] = lines[3], lines[2]
    members["entries.jsonl"] = b"\n".join(lines) + b"\n"


def swap_two_entries_and_renumber(members: Members) -> None:
    swap_two_entries(members)
    with_line(members, 2, index=2)
    with_line(members, 3, index=3)


def cut_the_last_line(members: Members) -> None:
    members["entries.jsonl"] = members["entries.jsonl"][:-1]


def lengthen_a_line(members: Members) -> None:
    members["entries.jsonl"] = b"x" * 70_000 + b"\n" + members["entries.jsonl"]


def change_table(members: Members) -> None:
    members[f"{RELEASE}/table.csv"] = flipped(TABLE, 20)


def drop_table(members: Members) -> None:
    del members[f"{RELEASE}/table.csv"]


def add_a_file_to_the_release(members: Members) -> None:
    members[f"{RELEASE}/notes.txt"] = b"not controlled"


def add_a_member(members: Members) -> None:
    members["readme.txt"] = b"all is well"


def change_statement(members: Members) -> None:
    said = release(members)
    said["statement"]["approved_by"] = ["checker-one", "checker-three"]
    members[RELEASE_JSON] = canonical(said)


def change_signature(members: Members) -> None:
    said = release(members)
    head, payload, signature = said["signature"].split(".")
    said["signature"] = f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    members[RELEASE_JSON] = canonical(said)


def resign_with_another_key(members: Members) -> None:
    said = release(members)
    said["signature"] = sign(a_statement({"table.csv": TABLE}), SigningKey.generate(), TextType.RELEASE)
    members[RELEASE_JSON] = canonical(said)


def resign_with_another_key_and_name_it(members: Members) -> None:
    """Somebody who writes keys.json too: the log still holds the digest of what the gate signed."""
    key, said = SigningKey.generate(), release(members)
    statement = a_statement({"table.csv": b"forged"})
    said["statement"] = json.loads(statement.model_dump_json())
    said["signature"] = sign(statement, key, TextType.RELEASE)
    members[RELEASE_JSON] = canonical(said)
    members[f"{RELEASE}/table.csv"] = b"forged"
    members["keys.json"] = canonical({"release": [key.public.model_dump()]})


def sign_for_another_purpose(members: Members) -> None:
    key, said = SigningKey.generate(), release(members)
    said["signature"] = sign(a_statement({"table.csv": TABLE}), key, TextType.DECISION)
    members[RELEASE_JSON] = canonical(said)
    members["keys.json"] = canonical({"release": [key.public.model_dump()]})


def add_words_to_keys(members: Members) -> None:
    members["keys.json"] = canonical({**json.loads(members["keys.json"]), "roster": ["checker-nine"]})


def change_release_entry(members: Members) -> None:
    said = release(members)
    said["log"]["entry"] = said["log"]["entry"].replace("worker-gate", "worker-gote")
    members[RELEASE_JSON] = canonical(said)


def take_another_entry_for_the_release(members: Members) -> None:
    said, other = release(members), line(members, 3)
    said["log"] |= {"entry": other["entry"], "salt": other["salt"]}
    members[RELEASE_JSON] = canonical(said)


def change_proof(members: Members) -> None:
    said = release(members)
    proof = said["log"]["proof"].split("\n")
    proof[2] = encode(bytes(32))
    said["log"]["proof"] = "\n".join(proof)
    members[RELEASE_JSON] = canonical(said)


def change_proof_checkpoint(members: Members) -> None:
    said = release(members)
    said["log"]["proof"] = said["log"]["proof"].replace("\n7\n", "\n8\n")
    members[RELEASE_JSON] = canonical(said)


def drop_release_log(members: Members) -> None:
    said = release(members)
    del said["log"]["salt"]
    members[RELEASE_JSON] = canonical(said)


def add_to_release(members: Members) -> None:
    members[RELEASE_JSON] = canonical({**release(members), "comment": "unsigned words"})


def break_release_json(members: Members) -> None:
    members[RELEASE_JSON] = members[RELEASE_JSON][:-1]


def drop_release_json(members: Members) -> None:
    del members[RELEASE_JSON]


def drop_keys(members: Members) -> None:
    del members["keys.json"]


def empty_keys(members: Members) -> None:
    members["keys.json"] = b"{}"


def private_key_in_keys(members: Members) -> None:
    members["keys.json"] = canonical({"release": [json.loads(SigningKey.generate().to_jwk())]})


def keys_that_are_no_list(members: Members) -> None:
    members["keys.json"] = canonical({"release": "all"})


def keys_of_another_length(members: Members) -> None:
    members["keys.json"] = canonical({"release": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]})


def checkpoint_in_another_encoding(members: Members) -> None:
    members["checkpoint"] = members["checkpoint"].decode().encode("utf-16")


CHANGES: dict[Callable[[Members], None], str] = {
    change_entry: "entry 3: commitment differs from the tree",
    change_entry_and_its_leaf: "entries.jsonl: the entries do not give the checkpoint's root",
    change_salt: "entry 3: commitment differs from the tree",
    shorten_salt: "entry 3: a salt of another length",
    change_leaf: "entry 3: commitment differs from the tree",
    add_field_to_line: "entry 3: not the fields of a line",
    respell_line: "entry 0: JSON, but not in its canonical spelling",
    write_a_free_text_entry: "entry 3: an id, actor, subject or project that is no name",
    change_checkpoint_size: "checkpoint: the signature does not verify",
    change_checkpoint_signature: "checkpoint: the signature does not verify",
    sign_checkpoint_with_another_key: "checkpoint: no signature of this log's key",
    change_vkey: "log.vkey: not an Ed25519 verifier key",
    drop_last_entry: "entries.jsonl: 10 entries, a signed checkpoint has 11",
    add_an_entry: "entries.jsonl: 12 entries, the checkpoint has 11",
    swap_two_entries: "entry 2: out of order",
    swap_two_entries_and_renumber: "entries.jsonl: the entries do not give the checkpoint's root",
    cut_the_last_line: "entries.jsonl: a line that is too long or does not end",
    lengthen_a_line: "entries.jsonl: a line that is too long or does not end",
    change_table: f"{RELEASE}/table.csv: digest differs",
    drop_table: f"{RELEASE}/table.csv: missing",
    add_a_file_to_the_release: f"{RELEASE}/notes.txt: not named by the statement",
    add_a_member: "readme.txt: does not belong in a bundle",
    change_statement: f"{RELEASE_JSON}: the statement differs from the signed one",
    change_signature: f"{RELEASE_JSON}: the signature does not verify",
    resign_with_another_key: f"{RELEASE_JSON}: the signature is by a key that is not a release key",
    resign_with_another_key_and_name_it: f"{RELEASE_JSON}: log entry: not about the signing of this",
    sign_for_another_purpose: f"{RELEASE_JSON}: the signature was made for another purpose",
    change_release_entry: f"{RELEASE_JSON}: log entry: the proof leads to another root",
    take_another_entry_for_the_release: f"{RELEASE_JSON}: log entry: not about the signing of this statement",
    change_proof: f"{RELEASE_JSON}: log entry: the proof leads to another root",
    change_proof_checkpoint: f"{RELEASE_JSON}: log entry: the signature does not verify",
    drop_release_log: f"{RELEASE_JSON}: log entry: not an entry, a salt and a proof",
    add_to_release: f"{RELEASE_JSON}: not a statement, a signature and a log entry",
    break_release_json: f"{RELEASE_JSON}: not JSON",
    drop_release_json: f"{RELEASE_JSON}: missing",
    drop_keys: "keys.json: missing",
    empty_keys: "keys.json: not the release keys alone",
    add_words_to_keys: "keys.json: not the release keys alone",
    private_key_in_keys: "the release keys: not the public half of an Ed25519 key",
    keys_that_are_no_list: "the release keys: not a list of keys",
    keys_of_another_length: "the release keys: not an Ed25519 key",
    checkpoint_in_another_encoding: "checkpoint: not UTF-8 text",
}


def test_an_untouched_bundle_verifies(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(packed(tmp_path / "bundle.zip", members))]) == 0
    said = capsys.readouterr().out
    assert said.startswith("verified: 11 entries and 1 releases of tre.example/log\n")
    assert said.count("the archive's own word") == 2


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_bundle_is_refused_and_the_change_named(
    tmp_path: Path,
    members: Members,
    change: Callable[[Members], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(members)
    assert main(["verify", str(packed(tmp_path / "bundle.zip", members))]) == 1
    said = capsys.readouterr()
    assert f"not verified: {CHANGES[change]}" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    "name", ["checkpoint", "log.vkey", "entries.jsonl", "keys.json", RELEASE_JSON, f"{RELEASE}/table.csv"]
)
def test_no_single_flipped_bit_is_accepted(tmp_path: Path, members: Members, name: str) -> None:
    data = members[name]
    step = max(1, len(data) // 25)
    for place in range(0, len(data), step):
        members[name] = flipped(data, place)
        assert main(["verify", str(packed(tmp_path / "bundle.zip", members))]) == 1, (name, place)
