from __future__ import annotations

import json
from pathlib import Path

import pyarrow.csv as pc
import pytest
from typer.testing import CliRunner, Result

from linkage_engine.laboratory.main import app
from linkage_engine.laboratory.reidentification.people import of_england


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reidentify", *arguments])


def test_the_command_prints_the_figures_of_englands_people_and_writes_them(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    found = _run("--records", "1500", "--known", "0,20", "--seed", "3", "--json", str(out))
    assert found.exit_code == 0, found.output
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert json.loads(found.output) == figures
    assert (figures["profile"], figures["records"], figures["seed"]) == ("tokens", 1500, 3)
    assert [attack["known"] for attack in figures["attacks"]] == [0, 20]
    assert figures["controls_hold"]


def test_anybodys_records_are_attacked_with_tables_counted_in_them(tmp_path: Path) -> None:
    people, fields = tmp_path / "people.csv", tmp_path / "fields.json"
    identifiers = of_england(900, seed=5).identifiers
    pc.write_csv(
        identifiers.rename_columns([f"column of {name}" for name in identifiers.column_names]), people
    )
    fields.write_text(json.dumps({name: f"column of {name}" for name in identifiers.column_names}))
    found = _run("--data", str(people), "--fields", str(fields), "--records", "600", "--known", "50")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["records"] == 600


def test_a_file_of_two_fields_is_attacked_as_far_as_it_goes(tmp_path: Path) -> None:
    people, fields = tmp_path / "people.csv", tmp_path / "fields.json"
    people.write_text("name,born\n" + "Smith,1950-02-03\nJones,\n" * 20)
    fields.write_text('{"family_name": "name", "date_of_birth": "born"}')
    found = _run("--data", str(people), "--fields", str(fields), "--known", "1")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["attacks"][0]["fields"]["given_name"]["named"] == 0


def test_a_file_without_a_named_column_is_refused(tmp_path: Path) -> None:
    people, fields = tmp_path / "people.csv", tmp_path / "fields.json"
    people.write_text("name\nSmith\n")
    fields.write_text('{"family_name": "surname"}')
    found = _run("--data", str(people), "--fields", str(fields))
    assert found.exit_code == 1
    assert "columns-differ" in found.output
    assert "Smith" not in found.output


@pytest.mark.parametrize(
    "wrong", [("--profile", "plaintext"), ("--known", "ten"), ("--data", __file__), ("--records", "1")]
)
def test_what_cannot_be_asked_is_said_before_anything_is_made_up(wrong: tuple[str, str]) -> None:
    assert _run(*wrong).exit_code == 2
