"""Files are read as they are; what cannot be read is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from linkage_engine.contract.refusals import CannotLink, ExtractRejected, RefusalCode
from linkage_engine.laboratory.main import app
from linkage_engine.laboratory.records import normalised, read_fields, read_records
from linkage_engine.link.candidates import candidates
from linkage_engine.link.plaintext import plaintext_edges

NO_PAIRS = candidates(())
FIELDS = {"given_name": "first", "date_of_birth": "born"}


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("first,born,who\n José ,19510409,p1\n,1951-02-31,p2\n", encoding="utf-8")
    return path


def _fields_file(tmp_path: Path, fields: dict[str, str]) -> Path:
    path = tmp_path / "fields.json"
    path.write_text(json.dumps(fields), encoding="utf-8")
    return path


def test_identifiers_are_normalised_and_the_truth_kept_apart(csv_file: Path) -> None:
    records = read_records(csv_file, fields=FIELDS, truth="who")
    assert records.people == ("p1", "p2")
    assert normalised(records.identifiers).to_pydict() == {
        "given_name": ["JOSE", None],
        "date_of_birth": ["1951-04-09", None],
    }


def test_parquet_is_read_like_csv(csv_file: Path, tmp_path: Path) -> None:
    parquet = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.read_csv(str(csv_file), all_varchar=True).write_parquet(str(parquet))
    one, other = (read_records(path, fields=FIELDS, truth="who") for path in (csv_file, parquet))
    assert one.identifiers == other.identifiers
    assert one.people == other.people


def test_records_show_nothing(csv_file: Path) -> None:
    assert "p1" not in repr(read_records(csv_file, fields=FIELDS, truth="who"))


def test_a_missing_column_is_refused(csv_file: Path) -> None:
    with pytest.raises(ExtractRejected) as refused:
        read_records(csv_file, fields=FIELDS | {"sex": "gender"}, truth="whose")
    assert refused.value.code is RefusalCode.COLUMNS_DIFFER
    assert refused.value.counts == {"missing": 2}


@pytest.mark.parametrize("fields", [{}, {"shoe_size": "shoe"}])
def test_unknown_fields_are_refused(tmp_path: Path, fields: dict[str, str]) -> None:
    with pytest.raises(ExtractRejected, match="columns-differ"):
        read_fields(_fields_file(tmp_path, fields))


def test_the_command_says_what_it_refuses(csv_file: Path, tmp_path: Path) -> None:
    fields = _fields_file(tmp_path, {"sex": "gender"})
    arguments = ["linkage", str(csv_file), str(csv_file), "--fields", str(fields), "--truth", "who"]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 1
    assert "columns-differ" in found.output


def test_plaintext_needs_names() -> None:
    table = pa.table({"given_name": ["ANN"], "sex": ["2"]})
    with duckdb.connect() as connection, pytest.raises(CannotLink) as refused:
        plaintext_edges(connection, table, table, pairs=NO_PAIRS, seed=1)
    assert refused.value.code is RefusalCode.NOTHING_TO_LINK
    assert refused.value.counts == {"fields": 2}
