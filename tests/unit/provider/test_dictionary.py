from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage_engine.catalogue.data_sets import DATA_SETS, KEPT_BACK, DataSet, data_set
from service.command_line import run
from service.provider.main import app

Said = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", [*DATA_SETS, *KEPT_BACK])
def test_the_dictionary_of_a_data_set_is_the_catalogues(name: str, capsys: Said) -> None:
    assert run(app, ["dictionary", name]) == 0
    told = json.loads(capsys.readouterr().out)
    schema = DataSet.model_validate(told["data_set"])
    assert schema.name == name
    assert set(told["code_lists"]) == {field.code_list for field in schema.fields if field.code_list}
    if name in DATA_SETS:
        assert schema == data_set(name)


def test_it_is_written_to_files_that_were_not_there(tmp_path: Path, capsys: Said) -> None:
    out, template = tmp_path / "death.json", tmp_path / "death.csv"
    arguments = ["dictionary", "death", "--out", str(out), "--template", str(template)]
    assert run(app, arguments) == 0
    assert json.loads(out.read_text())["data_set"]["name"] == "death"
    assert template.read_bytes() == (
        b"local_person_id,date_of_death,underlying_cause_icd10,place_of_death\r\n"
    )
    assert run(app, arguments) == 1
    assert capsys.readouterr().err.startswith("Output exists: ")


def test_areas_come_with_the_fields_that_hold_them(capsys: Said) -> None:
    assert run(app, ["dictionary", "asc_cld_event"]) == 0
    assert "E08000035" in json.loads(capsys.readouterr().out)["areas"]["council"]


def test_a_data_set_that_the_catalogue_lacks_is_named_by_nobody(capsys: Said) -> None:
    assert run(app, ["dictionary", "CANARY"]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("Data set unknown: ")
    assert "CANARY" not in told.out + told.err
