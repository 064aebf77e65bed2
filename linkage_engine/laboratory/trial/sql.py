"""A question as SQL that a person reads and any DuckDB runs: parameters by name, then the statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.contract.query_spec import AroundDiagnosisSpecification, QuerySpec
from linkage_engine.laboratory.trial.recorded import AskedStatement, Recording

TABLES = "tables"
"""The folder of the tables, beside the script."""
LINE = 100
_PARAMETER = re.compile(r"\$([a-z_]+)")
_ABOUT = {  # by which of these columns a statement has
    ("persons",): "Who is in each cell: how many persons.",
    ("persons", "period"): "Who has a day at risk, by cell and period: how many persons.",
    ("persons", "period", "events"): "What happened, by cell, period and kind: how many persons and events.",
    ("period", "days"): "Days at risk, by cell, period and stratum of sex and age.",
    ("persons", "days", "events"): "Those without cancer by stratum: persons, days at risk, events.",
    ("persons", "days"): "How many persons are followed, and to how many what happened, by cell and kind.",
}


def script(asked: QuerySpec, recording: Recording) -> Iterator[str]:
    """The lines of the script; it reads Parquet files of the folder `tables` and is run beside it."""
    yield f"-- {analysis_template(asked.template).title}"
    yield f"-- {asked.to_json()}"
    yield "-- Exact counts over synthetic people, before disclosure control. A null label is the total."
    yield ""
    for name in recording.tables:
        file = literal(f"{TABLES}/{name}.parquet")
        yield f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({file});"  # noqa: S608  # our names
    known: dict[str, object] = {}
    for number, statement in enumerate(recording.statements, start=1):
        yield ""
        yield f"-- {number} of {len(recording.statements)}. {_about(asked, statement)}"
        for name, value in statement.parameters.items():
            if name not in known or known[name] != value:
                yield f"SET VARIABLE {name} = {literal(value)};"
            known[name] = value
        yield from counted(statement)


def counted(statement: AskedStatement) -> Iterator[str]:
    """A statement whose parameters are variables and whose lists are counted, in the order of its labels."""
    text = _PARAMETER.sub(r"getvariable('\1')", statement.text.strip())
    lengths = ", ".join(f"coalesce(len({name}), 0) AS {name}" for name in statement.lists)
    counts = f"* REPLACE ({lengths})" if lengths else "*"
    yield f"SELECT {counts} FROM ("  # noqa: S608  # our own columns
    yield text
    yield ") ORDER BY ALL;"


def literal(value: object) -> str:
    """A value as SQL writes it: dates, texts, whole numbers, nothing, and lists of them."""
    if value is None:
        return "NULL"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, Sequence):
        return f"[{_packed(list(map(literal, value)))}]" if value else "CAST([] AS VARCHAR[])"
    assert isinstance(value, int)  # parameters are of no other kind
    return str(value)


def _packed(items: Sequence[str]) -> str:
    """Items with commas between, as many on a line as fit."""
    lines = [""]
    for item in items[:-1]:
        if len(lines[-1]) + len(item) > LINE:
            lines.append("")
        lines[-1] += f"{item}, "
    return "\n  ".join([*(line.rstrip() for line in lines[:-1]), lines[-1] + items[-1]])


def _about(asked: QuerySpec, statement: AskedStatement) -> str:
    if not isinstance(asked, AroundDiagnosisSpecification):
        return f"{analysis_template(asked.template).title}."
    names = set(statement.rows.column_names)
    shape = tuple(name for name in ("persons", "period", "days", "events") if name in names)
    return _ABOUT.get(shape, "Another statement.")
