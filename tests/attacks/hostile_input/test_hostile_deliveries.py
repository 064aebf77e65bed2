"""Deliveries that are not what they should be: each refusal has a name, a remedy and an entry."""

from __future__ import annotations

import secrets
from pathlib import Path

import pyarrow as pa
import pytest

from linkage_engine.contract.manifest import IDENTIFIERS, Manifest
from linkage_engine.laboratory.demo.cast import PROJECT
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from linkage_engine.unseal.identity import Identity
from service.keys import write_private
from service.signed import SigningKey, TextType, sign, verified
from tests.factories import a_tar
from tests.forged import Forger, SealedPart, flipped
from tests.running import Running

pytestmark = pytest.mark.process
GP = "gp-federation"
PAYLOAD = "gp_registration"
BLOCK = 512


def somebody_else() -> str:
    return str(Identity.generate(secrets.token_bytes).recipient)


# --- refused at the door


@pytest.mark.parametrize("name", [IDENTIFIERS, PAYLOAD])
def test_a_part_openly_sealed_to_another_key_is_refused(
    running: Running, practices: Forger, name: str
) -> None:
    sealed = practices.sealed(name, recipient=somebody_else())
    with running.refused(GP, "wrong-recipient", "Fetch the project file again"):
        running.send(GP, practices.package(practices.parts(**{name: sealed})))


@pytest.mark.parametrize("kept", ["all but nothing", "half", "all but a byte", "no end", "half an end"])
def test_a_truncated_package_is_refused(running: Running, practices: Forger, kept: str) -> None:
    parts = practices.parts()
    package = practices.package(parts)
    last = parts[-1].data
    end = package.index(last) + len(last)
    padded = end + -end % BLOCK
    cut = {
        "all but nothing": 1,
        "half": end // 2,
        "all but a byte": end - 1,
        "no end": padded,
        "half an end": padded + BLOCK,
    }[kept]
    with running.refused(GP, "package-unreadable", "Send the .tresub file again, whole"):
        running.send(GP, package[:cut])


def test_parts_in_each_others_place_are_refused(running: Running, practices: Forger) -> None:
    one, other = practices.parts()
    package = practices.package([one, other])
    # The bytes change places under the same names: a hand on the wire, not the provider's.
    manifest = read_manifest_text(package)
    swapped = a_tar(
        [("manifest.jws", manifest), ("identifiers.age", other.data), (f"{PAYLOAD}.age", one.data)]
    )
    with running.refused(GP, "parts-differ", "Send the .tresub file again, unchanged"):
        running.send(GP, swapped)
    in_another_order = a_tar(
        [("manifest.jws", manifest), (f"{PAYLOAD}.age", other.data), ("identifiers.age", one.data)]
    )
    with running.refused(GP, "package-unreadable", "seal it anew"):
        running.send(GP, in_another_order)


def read_manifest_text(package: bytes) -> bytes:
    size = int(package[124:135], 8)
    return package[512 : 512 + size]


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_one_flipped_bit_in_a_part_is_refused(running: Running, practices: Forger, place: float) -> None:
    parts = practices.parts()
    package = practices.package(parts)
    start = package.index(parts[1].data)
    damaged = flipped(package, start + int(len(parts[1].data) * place))
    with running.refused(GP, "parts-differ", "Send the .tresub file again"):
        running.send(GP, damaged)


def test_one_flipped_bit_in_the_manifest_is_refused(running: Running, practices: Forger) -> None:
    with running.refused(GP, "manifest-refused", "Seal with the key that the permit names"):
        running.send(GP, flipped(practices.honest(), 512 + 200))


def test_a_manifest_signed_by_somebody_else_is_refused(running: Running, practices: Forger) -> None:
    package = practices.honest()
    text = read_manifest_text(package).decode()
    manifest = verified(text, (running.key(GP).public,), TextType.MANIFEST, Manifest)
    forged = sign(manifest, SigningKey.generate(), TextType.MANIFEST)
    assert len(forged) == len(text)
    with running.refused(GP, "manifest-refused", "Seal with the key that the permit names"):
        running.send(GP, package.replace(text.encode(), forged.encode()))


def test_tokens_of_another_linkage_secret_are_refused(running: Running, practices: Forger) -> None:
    another = key_check(LinkageSecret.generate(secrets.token_bytes), PROJECT, 1)
    with running.refused(GP, "wrong-linkage-secret", "Fetch the project's secret"):
        running.send(GP, practices.package(practices.parts(), key_check=another))


def test_the_tool_refuses_another_linkage_secret_before_anything_is_sealed(
    running: Running, tmp_path: Path
) -> None:
    secret, package = tmp_path / "another.secret", tmp_path / "delivery.tresub"
    write_private(secret, secrets.token_hex(32))
    mapping, project = (running.demo.at(GP, name) for name in ("mapping.json", "project.json"))
    said = running.tool(
        "tre-provider",
        *("seal", mapping, "--project", project, "--secret", secret),
        *("--keys", running.demo.keys(GP), "--out", package),
        expect=1,
    )
    assert said.startswith("Wrong linkage secret: ")
    assert "What to do: Fetch the project's secret" in said
    assert not package.exists()


def test_a_delivery_replayed_to_another_project_is_refused(
    running: Running, practices: Forger, second: str
) -> None:
    theirs = running.demo.at(GP, "delivery.tresub").read_bytes()
    for package in (theirs, practices.honest()):
        with running.refused(GP, "manifest-mismatch", "Seal again with this project's file"):
            running.send(GP, package, project_id=second)


def test_a_delivery_replayed_by_another_provider_is_refused(running: Running) -> None:
    theirs = running.demo.at(GP, "delivery.tresub").read_bytes()
    with running.refused("cancer-registry", "manifest-refused", "Seal with the key"):
        running.send("cancer-registry", theirs)


def test_a_counter_that_does_not_rise_is_refused(running: Running, practices: Forger) -> None:
    with running.refused(GP, "counter-not-rising", "the earlier delivery stands"):
        running.send(GP, practices.package(practices.parts(), counter=1))


def test_the_number_of_a_delivery_is_used_once(running: Running, practices: Forger) -> None:
    receipt = running.demo.facts["receipts"][GP]
    query = "SELECT delivery_id FROM submission WHERE id = ?"
    used = running.rows(query, receipt["submission_id"])[0][0]
    with running.refused(GP, "changed-meanwhile", "send your request again"):
        running.send(GP, practices.package(practices.parts(), delivery_id=used))


def test_a_delivery_after_the_permit_has_ended_is_refused(
    running: Running, practices: Forger, ended: str
) -> None:
    with running.refused(GP, "permit-not-live", "Ask governance for an amendment"):
        running.send(GP, practices.honest(), project_id=ended)


def test_a_delivery_to_a_project_that_is_not_ones_own_is_refused(running: Running, practices: Forger) -> None:
    with running.refused(GP, "not-found", ""):
        running.send(GP, practices.honest(), project_id="no-such-project")


# --- received, and rejected inside by the worker that opens it


@pytest.mark.parametrize("name", [IDENTIFIERS, PAYLOAD])
def test_a_part_secretly_sealed_to_another_key_is_rejected(
    running: Running, practices: Forger, name: str
) -> None:
    sealed = practices.sealed(name, recipient=somebody_else())
    lying = sealed.declared(recipient=practices.recipient(name))
    package = practices.package(practices.parts(**{name: lying}))
    running.rejected(GP, package, name, "sealed-to-another-key", "Fetch the project file again")


def test_parts_sealed_to_each_others_worker_are_rejected(running: Running, practices: Forger) -> None:
    one, other = practices.parts()
    package = practices.package([one.holding(other.data), other.holding(one.data)])
    running.rejected(GP, package, IDENTIFIERS, "sealed-to-another-key", "Fetch the project file again")


@pytest.mark.parametrize("name", [IDENTIFIERS, PAYLOAD])
def test_a_truncated_part_that_its_provider_signed_is_rejected(
    running: Running, practices: Forger, name: str
) -> None:
    sealed = practices.sealed(name)
    cut = sealed.holding(sealed.data[: len(sealed.data) * 2 // 3])
    package = practices.package(practices.parts(**{name: cut}))
    running.rejected(GP, package, name, "sealed-file-damaged", "Seal the extract again")


@pytest.mark.parametrize("name", [IDENTIFIERS, PAYLOAD])
def test_a_damaged_part_that_its_provider_signed_is_rejected(
    running: Running, practices: Forger, name: str
) -> None:
    sealed = practices.sealed(name)
    package = practices.package(practices.parts(**{name: sealed.holding(flipped(sealed.data))}))
    running.rejected(GP, package, name, "sealed-file-damaged", "Seal the extract again")


def test_a_part_that_is_no_age_file_is_rejected(running: Running, practices: Forger) -> None:
    garbage = practices.sealed(PAYLOAD).holding(b"person_key,sex\n" * 100)
    package = practices.package(practices.parts(**{PAYLOAD: garbage}))
    running.rejected(GP, package, PAYLOAD, "not-an-age-file", "Seal the extract with tre-provider")


def test_a_missing_column_is_rejected_with_a_count(running: Running, practices: Forger) -> None:
    short = practices.tables[PAYLOAD].drop_columns(["registration_start"])
    package = practices.package(practices.parts(**{PAYLOAD: practices.sealed(PAYLOAD, short)}))
    part = running.rejected(GP, package, PAYLOAD, "columns-differ", "Bring tre-provider up to date")
    assert part["counts"] == {"missing": 1, "unknown": 0}


@pytest.mark.parametrize(("name", "column"), [(PAYLOAD, "nhs_number"), (IDENTIFIERS, "surname")])
def test_an_unknown_column_that_is_declared_is_refused(
    running: Running, practices: Forger, name: str, column: str
) -> None:
    package = practices.package(practices.parts(**{name: _with_column(practices, name, column)}))
    with running.refused(GP, "manifest-mismatch", "Seal again with this project's file"):
        running.send(GP, package)


@pytest.mark.parametrize(("name", "column"), [(PAYLOAD, "nhs_number"), (IDENTIFIERS, "surname")])
def test_an_unknown_column_that_is_hidden_is_rejected(
    running: Running, practices: Forger, name: str, column: str
) -> None:
    hidden = _with_column(practices, name, column).declared(columns=practices.sealed(name).part.columns)
    package = practices.package(practices.parts(**{name: hidden}))
    part = running.rejected(GP, package, name, "columns-differ", "Bring tre-provider up to date")
    assert part["counts"] == {"missing": 0, "unknown": 1}


def _with_column(practices: Forger, name: str, column: str) -> SealedPart:
    rows = practices.tables[name]
    return practices.sealed(name, rows.append_column(column, pa.array(["9434765919"] * rows.num_rows)))


def test_a_declaration_of_other_columns_than_there_are_is_rejected(
    running: Running, practices: Forger
) -> None:
    sealed = practices.sealed(PAYLOAD)
    fewer = sealed.declared(columns=sealed.part.columns[:-1])
    package = practices.package(practices.parts(**{PAYLOAD: fewer}))
    running.rejected(GP, package, PAYLOAD, "columns-differ", "Bring tre-provider up to date")


def test_a_declaration_of_other_rows_than_there_are_is_rejected(running: Running, practices: Forger) -> None:
    sealed = practices.sealed(PAYLOAD)
    package = practices.package(practices.parts(**{PAYLOAD: sealed.declared(rows=sealed.part.rows - 1)}))
    running.rejected(GP, package, PAYLOAD, "part-differs-from-manifest", "Seal the extract again")


def test_rows_with_codes_that_no_list_knows_are_rejected_and_counted(
    running: Running, practices: Forger
) -> None:
    rows = practices.tables[PAYLOAD]
    place = rows.column_names.index("sex")
    codes = ["x"] * 3 + rows["sex"].to_pylist()[3:]
    bad = rows.set_column(place, "sex", pa.array(codes, pa.string()))
    package = practices.package(practices.parts(**{PAYLOAD: practices.sealed(PAYLOAD, bad)}))
    part = running.rejected(GP, package, PAYLOAD, "rows-invalid", "Run tre-provider validate")
    failed = [f for f in part["report"]["findings"] if f["outcome"].startswith("Failed") and f["rows"]]
    assert [(f["field"], f["rule"], f["rows"], f["row_numbers"]) for f in failed] == [
        ("sex", "list", 3, [2, 3, 4])
    ]


def test_one_bad_part_of_three_rejects_the_delivery(running: Running, registry: Forger) -> None:
    rows = registry.tables["death"]
    place = rows.column_names.index("date_of_death")
    impossible = pa.array(["2024-02-31", *rows["date_of_death"].to_pylist()[1:]], pa.string())
    bad = registry.sealed("death", rows.set_column(place, "date_of_death", impossible))
    package = registry.package(registry.parts(death=bad))
    part = running.rejected("cancer-registry", package, "death", "rows-invalid", "Run tre-provider")
    assert sum(f["rows"] for f in part["report"]["findings"] if f["outcome"].startswith("Failed")) == 1


@pytest.mark.parametrize("kept", ["2024-02-31", "x"])
def test_person_keys_that_repeat_or_are_none_are_rejected(
    running: Running, practices: Forger, kept: str
) -> None:
    rows = practices.tables[IDENTIFIERS]
    keys = rows["person_key"].to_pylist()
    keys[0] = keys[1] if kept == "x" else kept
    bad = practices.sealed(IDENTIFIERS, rows.set_column(0, "person_key", pa.array(keys, pa.string())))
    package = practices.package(practices.parts(**{IDENTIFIERS: bad}))
    running.rejected(GP, package, IDENTIFIERS, "person-keys-invalid", "Seal the extract again")


# --- the same again


def test_the_same_package_again_gives_the_same_receipt_and_one_copy(running: Running) -> None:
    before, files = running.standing(), running.spool()
    package = running.demo.at(GP, "delivery.tresub").read_bytes()
    kept = running.demo.facts["receipts"][GP]
    for _ in range(2):
        receipt = running.send(GP, package)
        for name in ("submission_id", "sealed_sha256", "received_at", "entry_id"):
            assert receipt[name] == kept[name]
    assert running.standing() == before
    assert running.spool() == files
