from __future__ import annotations

import csv
import io
import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.profiles import SERVED, LinkageProfile
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.unseal.unseal import unseal_bytes
from linkage_engine.validate.footer import Caps, read_part
from linkage_engine.validate.identifiers import check_identifiers
from service.command_line import run
from service.provider.main import app
from service.provider.secret import keep_secret
from service.signed import TextType, verified
from service.submissions.package import read_package
from tests.unit.provider.desk import Desk


def members(package: Path) -> dict[str, bytes]:
    with tarfile.open(package, "r:") as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers()}  # type: ignore[union-attr]  # files


def opened(desk: Desk) -> tuple[Manifest, dict[str, pa.Table]]:
    """The delivery as the two workers see it: signature, parts, footers and rows."""
    read = read_package(desk.package)
    manifest = verified(read.manifest, (desk.party.signing_key,), TextType.MANIFEST, Manifest)
    sealed = members(desk.package)
    tables = {}
    for part in manifest.parts:
        assert read.members[f"{part.name}.age"] == (part.sealed_bytes, part.sealed_sha256)
        identity = desk.linkage if part.zone == "linkage" else desk.analysis
        plain = io.BytesIO(unseal_bytes(sealed[f"{part.name}.age"], identities=[identity]))
        tables[part.name] = read_part(plain, part, Caps())
        assert pq.ParquetFile(plain).metadata.row_group(0).column(0).compression == "ZSTD"
    return manifest, tables


def test_a_sealed_delivery_is_what_the_service_and_the_workers_read(desk: Desk) -> None:
    assert run(app, desk.seal_arguments()) == 0
    assert list(members(desk.package)) == [
        "manifest.jws",
        "identifiers.age",
        "cancer_registration.age",
        "death.age",
    ]
    manifest, tables = opened(desk)
    assert manifest.provider_id == "cancer-registry"
    assert manifest.counter == 1
    assert [(p.name, p.zone, p.rows) for p in manifest.parts] == [
        ("identifiers", "linkage", 3),
        ("cancer_registration", "analysis", 3),
        ("death", "analysis", 2),
    ]
    check_identifiers(tables["identifiers"], LinkageProfile.TOKENS)
    cancers = tables["cancer_registration"]
    assert tuple(cancers.column_names) == data_set("cancer_registration").columns
    by_tumour = {row["tumour_id"]: row for row in cancers.to_pylist()}
    assert by_tumour["T1"]["diagnosis_date"] == "2018-06-05"
    assert by_tumour["T1"]["primary_diagnosis_icd10"] == "C509"
    assert by_tumour["T1"]["stage_best"] == "3"
    assert by_tumour["T1"]["person_stated_gender_code"] == "2"
    assert by_tumour["T2"]["primary_diagnosis_icd10"] == "C61"
    assert by_tumour["T3"]["stage_best"] is None
    assert by_tumour["T1"]["person_key"] == by_tumour["T3"]["person_key"] != by_tumour["T2"]["person_key"]
    deaths = {row["date_of_death"]: row["person_key"] for row in tables["death"].to_pylist()}
    assert deaths["2021-02-01"] == by_tumour["T2"]["person_key"]
    keys = set(tables["identifiers"].column("person_key").to_pylist())
    assert keys == {row["person_key"] for row in by_tumour.values()} | set(deaths.values())


def test_an_identifier_part_cannot_be_opened_by_analysis_nor_a_payload_by_linkage(desk: Desk) -> None:
    assert run(app, desk.seal_arguments()) == 0
    sealed = members(desk.package)
    for name, other in (("identifiers", desk.analysis), ("death", desk.linkage)):
        with pytest.raises(Exception, match="sealed-to-another-key"):
            unseal_bytes(sealed[f"{name}.age"], identities=[other])


def test_no_identifier_and_no_local_id_is_in_what_leaves(desk: Desk) -> None:
    assert run(app, desk.seal_arguments()) == 0
    _, tables = opened(desk)
    for table in tables.values():
        assert "CANARY" not in str(table.to_pylist())
    assert b"CANARY" not in desk.package.read_bytes()


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_a_delivery_is_encoded_and_declared_in_the_projects_profile(
    desk: Desk, profile: LinkageProfile
) -> None:
    desk.project.write_text(desk.project.read_text().replace('"tokens"', f'"{profile}"'))
    assert run(app, desk.seal_arguments()) == 0
    manifest, tables = opened(desk)
    assert manifest.linkage_profile == profile
    check_identifiers(tables["identifiers"], profile)


def test_the_same_person_has_the_same_tokens_and_key_in_the_next_delivery(desk: Desk) -> None:
    assert run(app, desk.seal_arguments()) == 0
    first = opened(desk)
    desk.package.unlink()
    assert run(app, desk.seal_arguments()) == 0
    second = opened(desk)
    assert second[0].counter == 2
    assert second[0].delivery_id != first[0].delivery_id
    assert set(second[1]["identifiers"]["nhs_number"].to_pylist()) == set(
        first[1]["identifiers"]["nhs_number"].to_pylist()
    )
    assert set(second[1]["identifiers"]["person_key"].to_pylist()) == set(
        first[1]["identifiers"]["person_key"].to_pylist()
    )


def test_without_the_own_secret_of_the_key_folder_person_keys_are_others(desk: Desk) -> None:
    assert run(app, desk.seal_arguments()) == 0
    first = opened(desk)
    desk.package.unlink()
    (desk.keys / "secrets" / "person-keys.secret").unlink()
    assert run(app, desk.seal_arguments()) == 0
    second = opened(desk)
    keys = [set(tables["identifiers"]["person_key"].to_pylist()) for _, tables in (first, second)]
    assert not keys[0] & keys[1]


def test_a_damaged_own_secret_is_not_replaced(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    own = desk.keys / "secrets" / "person-keys.secret"
    own.parent.mkdir(exist_ok=True)
    own.write_text("ff")
    assert run(app, desk.seal_arguments()) == 1
    assert "Key folder unusable" in capsys.readouterr().err
    assert own.read_text() == "ff"
    assert not desk.package.exists()


def test_a_counter_may_be_chosen_and_is_counted_on_from(desk: Desk) -> None:
    assert run(app, desk.seal_arguments("--counter", "7")) == 0
    assert opened(desk)[0].counter == 7
    desk.package.unlink()
    assert run(app, desk.seal_arguments("--counter", "3")) == 0
    desk.package.unlink()
    assert run(app, desk.seal_arguments()) == 0
    assert opened(desk)[0].counter == 8


def test_a_damaged_counter_is_refused(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.keys / "counters").mkdir()
    (desk.keys / "counters" / "prevalence-2025").write_text("many")
    assert run(app, desk.seal_arguments()) == 1
    assert "Key folder unusable" in capsys.readouterr().err


def test_person_keys_are_kept_only_when_asked_and_only_for_the_owner(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = desk.folder / "keys.csv"
    assert run(app, desk.seal_arguments("--keep-person-keys", str(kept))) == 0
    assert "Warning" in capsys.readouterr().err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with kept.open(newline="") as file:
        rows = list(csv.DictReader(file))
    _, tables = opened(desk)
    assert {row["local_person_id"] for row in rows} == {"CANARY-P1", "CANARY-P2", "CANARY-P3"}
    assert {row["person_key"] for row in rows} == set(tables["identifiers"]["person_key"].to_pylist())


def test_sealing_leaves_the_package_and_nothing_else(desk: Desk) -> None:
    before = {p for p in desk.folder.rglob("*") if p.is_file()}
    assert run(app, desk.seal_arguments()) == 0
    after = {p for p in desk.folder.rglob("*") if p.is_file()}
    kept = {desk.keys / "counters" / "prevalence-2025", desk.keys / "history" / "prevalence-2025.json"}
    own = desk.keys / "secrets" / "person-keys.secret"
    assert after - before == {desk.package, own, *kept}
    assert stat.S_IMODE(own.stat().st_mode) == 0o400
    assert stat.S_IMODE(desk.package.stat().st_mode) == 0o600


def _another_secret(desk: Desk) -> None:
    desk.secret.write_text("ff" * 32)


def _short_secret(desk: Desk) -> None:
    desk.secret.write_text("ff" * 31)


def _binary_secret(desk: Desk) -> None:
    desk.secret.write_bytes(b"\xff" * 32)


def _open_secret(desk: Desk) -> None:
    desk.secret.chmod(0o644)


def _no_secret(desk: Desk) -> None:
    desk.secret.unlink()


def _bad_rows(desk: Desk) -> None:
    desk.change_tumours("05/06/2018", "CANARY-DATE")


def _other_provider(desk: Desk) -> None:
    desk.change_mapping(lambda mapping: mapping.update(provider_id="gp-federation"))


def _data_set_not_in_project(desk: Desk) -> None:
    desk.project.write_text(desk.project.read_text().replace('"death"', '"gp_registration"'))


def _project_with_another_key(desk: Desk) -> None:
    project = json.loads(desk.project.read_text())
    recipient = project["recipients"]["analysis"]
    project["recipients"]["analysis"] = recipient[:-1] + ("p" if recipient.endswith("q") else "q")
    desk.project.write_text(json.dumps(project))


def _project_with_typo(desk: Desk) -> None:
    desk.project.write_text(desk.project.read_text().replace("secret_epoch", "secretepoch"))


def _project_in_plaintext(desk: Desk) -> None:
    desk.project.write_text(desk.project.read_text().replace('"tokens"', '"plaintext"'))


def _project_not_text(desk: Desk) -> None:
    desk.project.write_bytes(b"\xff\xfe")


def _no_keys(desk: Desk) -> None:
    (desk.keys / "signing.jwk").unlink()


@pytest.mark.parametrize(
    ("spoil", "title"),
    [
        (_another_secret, "Wrong linkage secret"),
        (_short_secret, "Secret unusable"),
        (_binary_secret, "Secret unusable"),
        (_open_secret, "Secret unusable"),
        (_no_secret, "Secret unusable"),
        (_bad_rows, "Extract failed"),
        (_other_provider, "Manifest mismatch"),
        (_data_set_not_in_project, "Manifest mismatch"),
        (_project_with_another_key, "Project file unusable"),
        (_project_with_typo, "Project file unusable"),
        (_project_not_text, "Project file unusable"),
        (_project_in_plaintext, "Linkage profile not served"),
        (_no_keys, "Key folder unusable"),
    ],
)
def test_a_refusal_says_what_and_what_to_do_and_leaves_no_package(
    desk: Desk, spoil: Callable[[Desk], None], title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(desk)
    assert run(app, desk.seal_arguments()) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"{title}: ")
    assert "What to do: " in said.err
    assert "CANARY" not in said.err + said.out
    assert not desk.package.exists()
    assert not (desk.keys / "counters").exists()
    assert not (desk.keys / "history").exists()


def test_a_package_is_never_written_over(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.package.write_text("an older delivery")
    assert run(app, desk.seal_arguments()) == 1
    assert capsys.readouterr().err.startswith("Output exists: ")
    assert desk.package.read_text() == "an older delivery"


def test_a_file_of_person_keys_is_never_written_over(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    kept = desk.folder / "keys.csv"
    kept.write_text("older keys")
    assert run(app, desk.seal_arguments("--keep-person-keys", str(kept))) == 1
    assert capsys.readouterr().err.startswith("Output exists: ")
    assert not desk.package.exists()


def test_a_failure_while_sealing_leaves_no_package(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "delivery.tresub")

    monkeypatch.setattr("service.provider.seal.write_package", full_disk)
    assert run(app, desk.seal_arguments()) == 1
    assert not desk.package.exists()


def test_the_secret_of_the_ceremony_is_used_unless_another_is_given(desk: Desk) -> None:
    arguments = [word for word in desk.seal_arguments() if word not in {"--secret", str(desk.secret)}]
    assert run(app, arguments) == 1
    assert not desk.package.exists()
    keep_secret(desk.keys, "prevalence-2025", 1, LinkageSecret(bytes(range(32))))
    assert run(app, arguments) == 0


def test_keys_are_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["keys", str(tmp_path / "k"), "--id", "a-council", "A council"]
    assert run(app, arguments) == 0
    assert "thumbprint" in capsys.readouterr().out
    assert run(app, arguments) == 1
