from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from service.command_line import run
from service.provider.delivery import read_delivery
from service.provider.main import app
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys
from service.provider.report import DeliveryReport
from tests.unit.provider.desk import Desk

Said = pytest.CaptureFixture[str]


def report_of(desk: Desk) -> DeliveryReport:
    out = desk.folder / "report.json"
    run(app, ["validate", str(desk.mapping), "--json", str(out)])
    return DeliveryReport.model_validate_json(out.read_text())


def failed(report: DeliveryReport, file: int = 0) -> set[tuple[str, str, int, tuple[int, ...]]]:
    found = report.files[file].rows.findings
    return {(f.field, f.rule, f.rows, f.row_numbers) for f in found if f.outcome.failed}


def undetermined(report: DeliveryReport) -> set[tuple[str, str, int, tuple[int, ...]]]:
    identifiers = report.files[0].identifiers
    assert identifiers is not None
    return {(f.field, f.rule, f.rows, f.row_numbers) for f in identifiers.findings if not f.outcome.passed}


def test_a_good_extract_passes(desk: Desk, capsys: Said) -> None:
    assert run(app, ["validate", str(desk.mapping)]) == 0
    said = capsys.readouterr().out
    assert "tumours.csv as cancer_registration: 3 rows, passed" in said
    assert "deaths.csv as death: 2 rows, passed" in said
    assert said.endswith("Passed: it can be sealed.\n")
    assert "CANARY" not in said


def test_persons_with_two_values_or_none_are_counted(desk: Desk) -> None:
    found = {(f.field, f.rule): f.rows for f in report_of(desk).persons.findings}
    assert found == {("family_name", "conflict"): 1, ("person_key", "identified"): 1}


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("05/06/2018", "31/02/2018", ("diagnosis_date", "type", 1, (2,))),
        ("05/06/2018", "CANARY-DATE", ("diagnosis_date", "type", 1, (2,))),
        ("05/06/2018", "01/04/2025", ("diagnosis_date", "order", 1, (2,))),
        ("05/06/2018", "05/06/18", ("diagnosis_date", "range", 1, (2,))),
        ("07/08/2019", "", ("diagnosis_date", "required", 1, (3,))),
        ("c61", "CANARY", ("primary_diagnosis_icd10", "pattern", 1, (3,))),
        (",3A\n", ",3B\n", ("stage_best", "list", 1, (2,))),
        (",T3,", ",T1,", ("tumour_id", "unique", 2, (2, 4))),
        ("CANARY-P2", " ", ("person_key", "required", 1, (3,))),
    ],
)
def test_a_bad_value_fails_and_is_named_by_column_and_row(
    desk: Desk, old: str, new: str, finding: tuple[str, str, int, tuple[int, ...]], capsys: Said
) -> None:
    desk.change_tumours(old, new)
    page = desk.folder / "report.html"
    assert run(app, ["validate", str(desk.mapping), "--html", str(page)]) == 1
    said = capsys.readouterr().out
    assert said.endswith("Failed: correct the rows above, then seal.\n")
    report = report_of(desk)
    assert failed(report) == {finding}
    assert not report.passed
    for text in (said, page.read_text(), report.to_json()):
        assert "CANARY" not in text
        assert finding[0] in text


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("943 476 5919", "943 476 5918", ("nhs_number", "check_digit", 1, (2,))),
        ("943 476 5919", "CANARY", ("nhs_number", "check_digit", 1, (2,))),
        ("02/03/1950", "30/02/1950", ("date_of_birth", "type", 2, (2, 4))),
        ("SW1A 1AA", "CANARY", ("postcode", "pattern", 2, (2, 4))),
        (",M,", ",CANARY,", ("sex", "list", 1, (3,))),
        ("CANARY-JONES", "UNKNOWN", ("family_name", "pattern", 1, (3,))),
    ],
)
def test_an_identifier_that_cannot_be_used_is_counted_and_blocks_nothing(
    desk: Desk, old: str, new: str, finding: tuple[str, str, int, tuple[int, ...]]
) -> None:
    desk.change_tumours(old, new)
    desk.change_mapping(lambda m: m["files"][0]["columns"].pop("person_stated_gender_code"))
    desk.change_mapping(lambda m: m["files"][0]["codes"].pop("person_stated_gender_code"))
    report = report_of(desk)
    assert undetermined(report) == {finding}
    assert report.passed


def of_rule(report: DeliveryReport, file: int, rule: str) -> list[tuple[str, str, int, tuple[int, ...]]]:
    found = report.files[file].rows.findings
    return [(f.field, f.outcome.value, f.rows, f.row_numbers) for f in found if f.rule == rule]


def test_rows_of_persons_without_any_identifier_are_named(desk: Desk) -> None:
    report = report_of(desk)
    assert of_rule(report, 1, "identified") == [("person_key", "Undetermined", 1, (3,))]
    assert of_rule(report, 0, "identified") == []


def test_a_diagnosis_after_the_death_of_the_same_person_fails(desk: Desk) -> None:
    desk.change_tumours("07/08/2019", "02/02/2021")
    report = report_of(desk)
    assert of_rule(report, 0, "death") == [("diagnosis_date", "Failed: Invalid", 1, (3,))]
    assert not report.passed


@pytest.mark.parametrize(("born", "rows"), [("06/06/2018", [2]), ("05/06/2018", [])])
def test_a_diagnosis_before_the_birth_is_undetermined(desk: Desk, born: str, rows: list[int]) -> None:
    desk.change_tumours("02/03/1950", born)
    report = report_of(desk)
    assert [row for f in of_rule(report, 0, "birth") for row in f[3]] == rows
    assert report.passed


def test_an_impossible_date_of_birth_is_before_nothing(desk: Desk) -> None:
    desk.change_tumours("02/03/1950", "01/01/1900")
    assert of_rule(report_of(desk), 0, "birth") == []


def test_without_dates_of_birth_nothing_is_before_them(desk: Desk) -> None:
    desk.change_mapping(lambda m: m["files"][0]["identifiers"].pop("date_of_birth"))
    assert of_rule(report_of(desk), 0, "birth") == []


class Page(HTMLParser):
    """Tags of a page, to see that it is whole and asks for nothing from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.started.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_page_stands_alone(desk: Desk) -> None:
    page = desk.folder / "report.html"
    assert run(app, ["validate", str(desk.mapping), "--html", str(page)]) == 0
    parsed = Page()
    parsed.feed(page.read_text())
    assert parsed.started.count("table") == 4
    assert not {"script", "img", "link", "iframe"} & set(parsed.started)
    assert parsed.attributes <= {"lang", "charset", "scope"}


def test_a_byte_order_mark_quotes_and_wildcards_in_names_are_no_matter(desk: Desk) -> None:
    text = (desk.folder / "tumours.csv").read_text().replace("CANARY-JONES", '"CANARY, ""X"""')
    (desk.folder / "tu[m]*.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    desk.change_mapping(lambda m: m["files"][0].update(file="tu[m]*.csv"))
    report = report_of(desk)
    assert report.passed
    assert report.files[0].rows.rows == 3


def test_empty_columns_of_a_spreadsheet_are_no_matter(desk: Desk) -> None:
    path = desk.folder / "tumours.csv"
    path.write_text(path.read_text().replace("\n", ",,\n"))
    assert report_of(desk).passed


def test_a_year_of_birth_may_be_read_off_a_date_of_birth(desk: Desk) -> None:
    (desk.folder / "practice.csv").write_text(
        "ID,DOB,SEX,PRACTICE,FROM,SURNAME\n1,02/03/1950,2,F83004,01/02/2003,CANARY-SMITH\n2,1961,1,F83004,01/02/2003,\n"
    )
    practice = {
        "file": "practice.csv",
        "data_set": "gp_registration",
        "local_person_id": "ID",
        "date_format": "%d/%m/%Y",
        "identifiers": {"date_of_birth": "DOB", "family_name": "SURNAME"},
        "columns": {
            "gp_practice_code": "PRACTICE",
            "registration_start": "FROM",
            "year_of_birth": "DOB",
            "sex": "SEX",
        },
    }
    desk.change_mapping(lambda m: m.update(files=[practice]))
    assert report_of(desk).passed


def _bytes(data: bytes) -> Callable[[bytes], bytes]:
    return lambda _: data


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(_bytes(b""), "is empty", id="empty"),
        pytest.param(lambda d: d.split(b"\n")[0] + b"\n", "has no rows under its header", id="header only"),
        pytest.param(_replaced(b"DIAGNOSED", b"DIAGDATE"), "has no column DIAGNOSED", id="missing column"),
        pytest.param(
            _replaced(b"STAGE", b"SITE"), "has one name for several columns: 10, 11", id="duplicate header"
        ),
        pytest.param(_replaced(b"BOB", b"B\xd6B"), "is not UTF-8 in line 3", id="Latin-1"),
        pytest.param(lambda d: d + b"\xc3", "is not UTF-8 in line 5", id="cut UTF-8"),
        pytest.param(lambda d: d.decode().encode("utf-16"), "is not UTF-8 in line 1", id="UTF-16"),
        pytest.param(_replaced(b"BOB", b"B\0B"), "has a NUL character in line 3", id="NUL"),
        pytest.param(
            _replaced(b",T2", b",T2,T2"),
            "does not have 11 values in line 3, or a quote is left open",
            id="ragged",
        ),
        pytest.param(
            _replaced(b",BOB", b',"BOB'),
            "does not have 11 values in line 3, or a quote is left open",
            id="quote",
        ),
        pytest.param(
            _replaced(b"PATIENTID,", b'"PATIENTID"X,'), "has a header row that is not CSV", id="header quote"
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    desk: Desk, change: Callable[[bytes], bytes], fault: str, capsys: Said
) -> None:
    path = desk.folder / "tumours.csv"
    path.write_bytes(change(path.read_bytes()))
    assert run(app, ["validate", str(desk.mapping)]) == 1
    said = capsys.readouterr().err
    assert said.splitlines()[0].startswith("Extract unreadable: ")
    assert said.splitlines()[1].startswith("What to do: ")
    assert said.splitlines()[2:] == [f"  tumours.csv: {fault}"]


def test_a_file_that_is_not_there_is_refused(desk: Desk, capsys: Said) -> None:
    (desk.folder / "deaths.csv").unlink()
    assert run(app, ["validate", str(desk.mapping)]) == 1
    assert "deaths.csv: is not there" in capsys.readouterr().err


def _first(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    return lambda mapping: change(mapping["files"][0])


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        pytest.param(_first(lambda f: f.update(colums={})), "files.0.colums: is not a key", id="typo"),
        pytest.param(lambda m: m.pop("provider_id"), "provider_id: is missing", id="missing"),
        pytest.param(lambda m: m.update(mapping=2), "mapping: Input should be 1", id="version"),
        pytest.param(lambda m: m.update(files=[]), "files: ", id="no files"),
        pytest.param(lambda m: m.update(extract_date="31/03/2025"), "extract_date: ", id="extract date"),
        pytest.param(
            _first(lambda f: f.update(date_format="dd/mm/yyyy")), "files.0.date_format: ", id="date format"
        ),
        pytest.param(
            _first(lambda f: f.update(date_format="%d/%m/%y")), "files.0.date_format: ", id="two digits"
        ),
        pytest.param(
            _first(lambda f: f.update(data_set="tumours")), "files.0.data_set: is none of", id="data set"
        ),
        pytest.param(
            _first(lambda f: f["columns"].update(stage="STAGE")),
            "files.0.columns.stage: is not a field of cancer_registration",
            id="unknown field",
        ),
        pytest.param(
            _first(lambda f: f["columns"].update(person_key="PATIENTID")),
            "files.0.columns.person_key: is not a field",
            id="person key",
        ),
        pytest.param(
            _first(lambda f: f["columns"].pop("tumour_id")),
            "files.0.columns.tumour_id: is mandatory",
            id="mandatory",
        ),
        pytest.param(
            _first(lambda f: f["columns"].update(tumour_id="NHSNUMBER")),
            "files.0.columns.tumour_id: takes an identifier",
            id="identifier in payload",
        ),
        pytest.param(
            _first(lambda f: f["columns"].update(tumour_id="PATIENTID")),
            "files.0.columns.tumour_id: takes an identifier",
            id="local id in payload",
        ),
        pytest.param(
            _first(lambda f: f["identifiers"].update(surname="SURNAME")),
            "files.0.identifiers.surname: is not an identifier",
            id="unknown identifier",
        ),
        pytest.param(
            _first(lambda f: f["codes"].update(laterality={"Left": "L"})),
            "files.0.codes.laterality: is for a field that is not mapped",
            id="codes",
        ),
        pytest.param(
            lambda m: m["files"].append(m["files"][1]), "files: have one data set twice", id="data set twice"
        ),
        pytest.param(
            _first(lambda f: f.update(identifiers={})), "files: name no identifiers", id="no identifiers"
        ),
    ],
)
def test_a_mapping_that_cannot_be_used_names_the_place(
    desk: Desk, edit: Callable[[dict[str, Any]], object], fault: str, capsys: Said
) -> None:
    desk.change_mapping(edit)
    assert run(app, ["validate", str(desk.mapping)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Mapping unusable: ")
    assert f"  {fault}" in said


def test_an_empty_identifiers_key_is_as_good_as_none(desk: Desk) -> None:
    desk.change_mapping(lambda m: m["files"][1].update(identifiers={}, codes={}))
    assert report_of(desk).files[1].identifiers is None


@pytest.mark.parametrize(
    ("data", "fault"), [(b"{", "mapping: is not JSON"), (b"\xff", "mapping: is not in UTF-8")]
)
def test_a_mapping_that_is_not_json_is_refused(desk: Desk, data: bytes, fault: str, capsys: Said) -> None:
    desk.mapping.write_bytes(data)
    assert run(app, ["validate", str(desk.mapping)]) == 1
    assert fault in capsys.readouterr().err


def test_a_mapping_that_is_not_there_is_refused_without_a_traceback(desk: Desk, capsys: Said) -> None:
    desk.mapping.unlink()
    assert run(app, ["validate", str(desk.mapping)]) == 1
    assert "No such file" in capsys.readouterr().err


def test_reports_are_json_with_the_catalogue_version(desk: Desk) -> None:
    report_of(desk)
    text = json.loads((desk.folder / "report.json").read_text())
    assert text["catalogue_version"]
    assert text["files"][0]["rows"]["findings"][0]["outcome"] == "Passed: Valid"


def test_a_delivery_shows_names_and_counts_only(desk: Desk) -> None:
    delivery = read_delivery(
        read_mapping(desk.mapping), folder=desk.folder, keys=PersonKeys.for_one_delivery(secrets.token_bytes)
    )
    assert repr(delivery) == "Delivery(cancer_registration, death, Persons(3))"
