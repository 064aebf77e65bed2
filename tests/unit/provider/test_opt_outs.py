from __future__ import annotations

import json

import pytest

from linkage_engine.contract.manifest import LeftOut, LeftOutReason
from service.command_line import run
from service.provider.delivery import read_delivery
from service.provider.left_out import LeavingOut
from service.provider.main import app
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys
from tests.unit.provider.desk import Desk
from tests.unit.provider.test_provider_seal import opened

Said = pytest.CaptureFixture[str]
OPT_OUTS = {
    "file": "opt_outs.csv",
    "data_set": "opt_out",
    "local_person_id": "PATIENTID",
    "date_format": "%d/%m/%Y",
    "columns": {"kind": "KIND", "valid_from": "FROM", "valid_to": "TO"},
    "codes": {"kind": {"NDO": "ndoo"}},
}
IN_FORCE = "CANARY-P1,NDO,01/02/2020,\n"


def with_opt_outs(desk: Desk, rows: str, **changes: object) -> None:
    (desk.folder / "opt_outs.csv").write_text("PATIENTID,KIND,FROM,TO\n" + rows)
    desk.change_mapping(lambda mapping: mapping["files"].append({**OPT_OUTS, **changes}))


def test_who_opted_out_is_left_out_and_counted_and_never_named(desk: Desk, capsys: Said) -> None:
    with_opt_outs(desk, IN_FORCE + "CANARY-P9,ndoo,01/02/2020,\n")
    assert run(app, desk.seal_arguments()) == 0
    told = capsys.readouterr().out
    assert "left out (ndoo): 1 persons, 2 rows" in told
    manifest, tables = opened(desk)
    assert manifest.left_out == (
        LeftOut(reason=LeftOutReason.NDOO, persons=1, rows=2),
        LeftOut(reason=LeftOutReason.TYPE1, persons=0, rows=0),
        LeftOut(reason=LeftOutReason.SURVEY, persons=0, rows=0),
    )
    assert "opt_out" not in {part.name for part in manifest.parts}
    assert tables["cancer_registration"].num_rows == 1
    assert "CANARY" not in told + manifest.to_json()


@pytest.mark.parametrize(
    ("row", "persons"),
    [
        ("CANARY-P1,ndoo,31/03/2025,", 1),
        ("CANARY-P1,ndoo,01/04/2025,", 0),
        ("CANARY-P1,ndoo,01/02/2020,31/03/2025", 1),
        ("CANARY-P1,ndoo,01/02/2020,30/03/2025", 0),
        ("CANARY-P1,type1,01/02/2020,", 0),
        ("CANARY-P1,survey,01/02/2020,", 0),
    ],
)
def test_an_opt_out_holds_on_its_days_and_for_the_data_sets_it_is_about(
    desk: Desk, row: str, persons: int
) -> None:
    with_opt_outs(desk, row + "\n")
    out = desk.folder / "report.json"
    assert run(app, ["validate", str(desk.mapping), "--json", str(out)]) == 0
    counted = json.loads(out.read_text())["left_out"]
    assert sum(each["persons"] for each in counted) == persons
    assert [each["reason"] for each in counted] == ["ndoo", "type1", "survey"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [("CANARY-P1,no,01/02/2020,", "list"), (",ndoo,01/02/2020,", "required"), ("P,ndoo,x,", "type")],
)
def test_opt_outs_that_fail_their_checks_let_nothing_be_sealed(
    desk: Desk, row: str, rule: str, capsys: Said
) -> None:
    with_opt_outs(desk, IN_FORCE + row + "\n")
    assert run(app, desk.seal_arguments()) == 1
    assert capsys.readouterr().err.startswith("Extract failed: ")
    out = desk.folder / "report.json"
    page = desk.folder / "report.html"
    assert run(app, ["validate", str(desk.mapping), "--json", str(out), "--html", str(page)]) == 1
    report = json.loads(out.read_text())
    failed = [f["rule"] for f in report["files"][-1]["rows"]["findings"] if f["outcome"].startswith("Failed")]
    assert (report["files"][-1]["rows"]["data_set"], failed) == ("opt_out", [rule])
    assert "CANARY" not in out.read_text() + page.read_text()


def test_a_person_on_the_list_and_opted_out_counts_once(desk: Desk) -> None:
    with_opt_outs(desk, IN_FORCE + "CANARY-P3,ndoo,01/02/2020,\n")
    mapping = read_mapping(desk.mapping)
    keys = PersonKeys.for_one_delivery(bytes)
    delivery = read_delivery(mapping, folder=desk.folder, keys=keys, leave_out=["CANARY-P1"])
    counted = {each.reason.value: (each.persons, each.rows) for each in delivery.report.left_out}
    assert counted == {"list": (1, 2), "ndoo": (1, 1), "type1": (0, 0), "survey": (0, 0)}


def test_when_everybody_opted_out_nothing_is_sealed(desk: Desk, capsys: Said) -> None:
    with_opt_outs(desk, IN_FORCE + "CANARY-P2,ndoo,01/02/2020,\n")
    assert run(app, desk.seal_arguments()) == 1
    assert "has no rows but of persons to be left out" in capsys.readouterr().err


def test_a_page_says_how_many_were_left_out(desk: Desk) -> None:
    with_opt_outs(desk, IN_FORCE)
    page = desk.folder / "report.html"
    assert run(app, ["validate", str(desk.mapping), "--html", str(page)]) == 0
    assert "<li>ndoo: 1 persons, 2 rows</li>" in page.read_text()


def test_opt_outs_alone_are_no_delivery_and_bring_no_identifiers(desk: Desk, capsys: Said) -> None:
    with_opt_outs(desk, IN_FORCE, identifiers={"nhs_number": "NHS"})
    assert run(app, ["validate", str(desk.mapping)]) == 1
    assert "are not read of opt-outs" in capsys.readouterr().err
    desk.change_mapping(lambda mapping: mapping.update(files=[OPT_OUTS]))
    assert run(app, ["validate", str(desk.mapping)]) == 1
    assert "name no identifiers" in capsys.readouterr().err


def test_leaving_out_shows_nobody() -> None:
    assert repr(LeavingOut({LeftOutReason.NDOO: ["CANARY"]})) == "LeavingOut(1 reasons)"
