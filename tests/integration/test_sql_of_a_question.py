"""A question as SQL, run by a plain DuckDB on the files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from typer.testing import CliRunner

from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.laboratory.england.catalogue_form import OfProvider
from linkage_engine.laboratory.main import app as laboratory
from linkage_engine.laboratory.trial.answered import answered, data_sets_of
from linkage_engine.laboratory.trial.recorded import recorded
from linkage_engine.laboratory.trial.sql import LINE, literal
from linkage_engine.laboratory.trial.synthetic import read_england, synthetic_england
from service.command_line import run
from service.researcher import main as researcher
from service.researcher.questions import read_specification
from service.researcher.trial import EXAMPLES

PEOPLE = 3000
Row = tuple[object, ...]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


def sets_of(kept: Path, template: str) -> list[OfProvider]:
    folder = synthetic_england(kept, people=PEOPLE, seed=1)
    return list(read_england(folder, data_sets_of(question(template))))


def question(template: str) -> QuerySpec:
    return read_specification(EXAMPLES / f"{template}.yaml")


def rows_of(folder: Path) -> Iterator[list[Row]]:
    """What each statement of a script that is no setting gives, run where the script is."""
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{folder}'")
        for statement in connection.extract_statements((folder / "question.sql").read_text()):
            rows = connection.execute(statement).fetchall()
            if statement.type == duckdb.StatementType.SELECT:
                yield rows


def written(kept: Path, template: str, out: Path) -> Path:
    (out / "question.json").write_text(question(template).to_json())
    options = ["--keep", str(kept), "--people", str(PEOPLE), "--out", str(out / "sql")]
    done = CliRunner().invoke(laboratory, ["sql", str(out / "question.json"), *options])
    assert done.exit_code == 0, done.output
    assert (out / "sql" / "question.sql").read_text() == done.output
    return out / "sql"


def counted(value: object) -> object:
    return len(value) if isinstance(value, list) else value


@pytest.mark.parametrize("template", sorted(path.stem for path in EXAMPLES.iterdir()))
def test_a_plain_duckdb_gives_the_counts_of_the_engine(template: str, kept: Path, tmp_path: Path) -> None:
    recording = recorded(question(template), sets_of(kept, template))
    found = list(rows_of(written(kept, template, tmp_path)))
    assert len(found) == len(recording.statements)
    for rows, asked in zip(found, recording.statements, strict=True):
        names = asked.rows.column_names
        nobody = dict.fromkeys(asked.lists, 0)
        expected = [
            tuple(nobody.get(n) if row[n] is None and n in nobody else counted(row[n]) for n in names)
            for row in asked.rows.to_pylist()
        ]
        assert sorted(rows, key=repr) == sorted(expected, key=repr)
        assert rows


def test_the_counts_are_those_that_control_is_given(kept: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(1).bytes
    sets = sets_of(kept, "prevalence")
    told = answered(question("prevalence"), sets, policy="nhs-cancer-default", random=random)
    [rows] = rows_of(written(kept, "prevalence", tmp_path))
    sql: dict[Row, object] = {
        (group, sex or "Total", band or "Total"): count for group, sex, band, count in rows
    }
    names = [measure.name for measure in told.table.measures]
    for row, exact in zip(told.table.rows, told.exact, strict=True):
        _, sex, band = row.labels
        assert exact[names.index("numerator")] == sql.get(row.labels, 0)
        assert exact[names.index("denominator")] == sql.get((None, sex, band), 0)


def test_a_folder_that_is_there_is_left_alone(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "question.json").write_text(question("prevalence").to_json())
    options = ["--keep", str(kept), "--people", str(PEOPLE), "--out", str(tmp_path)]
    done = CliRunner().invoke(laboratory, ["sql", str(tmp_path / "question.json"), *options])
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert not (tmp_path / "question.sql").exists()


@pytest.mark.process
def test_the_researchers_tool_writes_it(kept: Path, tmp_path: Path) -> None:
    options = ["--keep", str(kept), "--people", str(PEOPLE)]
    example = str(EXAMPLES / "linkage_quality.yaml")
    assert run(researcher.app, ["sql", example, str(tmp_path / "sql"), *options]) == 0
    assert all(rows for rows in rows_of(tmp_path / "sql"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (date(2024, 2, 29), "DATE '2024-02-29'"),
        ("King's", "'King''s'"),
        (7, "7"),
        ([], "CAST([] AS VARCHAR[])"),
        (["a", None], "['a', NULL]"),
    ],
)
def test_a_value_is_written_as_sql_reads_it(value: object, text: str) -> None:
    assert literal(value) == text
    given = duckdb.connect().execute(f"SELECT {text}").fetchall()[0][0]
    assert given == value


def test_a_long_list_is_on_several_lines_and_stays_the_same() -> None:
    value = [f"a word {number}" for number in range(60)]
    assert max(map(len, literal(value).splitlines())) <= LINE + 20
    assert duckdb.connect().execute(f"SELECT {literal(value)}").fetchall()[0][0] == value
