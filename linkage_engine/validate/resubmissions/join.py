"""Several submissions of the same events as one table: each event once, and nothing dropped uncounted.

After the Department of Health and Social Care's method for client-level data; the rules are values of
`catalogue/definitions/social_care.json`. Two things are our own: one submission alone is not cut to its
period, and an open service ends with a death that the row states.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.catalogue.data_sets import PERSON_KEY, DataSet, SameEvent
from linkage_engine.catalogue.definitions.social_care import SocialCare, social_care
from linkage_engine.contract.reports import Resubmissions
from linkage_engine.validate.findings import ROW_NUMBER, numbered
from linkage_engine.validate.resubmissions.periods import (
    MonthOfEvents,
    ReferencePeriod,
    Submission,
    reference_periods,
)
from linkage_engine.validate.sql import identifier, literal, readings

END, START, DIED = "event_end_date", "event_start_date", "date_of_death"
SUBMITTED = "submission_timestamp"
PERIODS = pa.schema([("submitted", pa.string()), ("ref_start", pa.date32()), ("ref_end", pa.date32())])


@dataclass(frozen=True)
class Joined:
    """The rows that stand, as text in the order of the file, with what became of the others."""

    table: pa.Table
    counts: Resubmissions


def joined(connection: duckdb.DuckDBPyConnection, table: pa.Table, schema: DataSet) -> Joined:
    """Each event of a table once; the table has the columns that `rows.check` takes.

    Rows without what an event is made of are kept as they are: their checks find them.
    """
    assert schema.same_event is not None
    care = social_care()
    rows = numbered(table)
    told = _told(connection, rows, schema, schema.same_event)
    submissions = _submissions(told)
    is_several = len(submissions) > 1
    periods, missing = reference_periods(submissions, care.period) if is_several else ((), ())
    placed = _placed(connection, told, periods, care) if is_several else told.project("*, NULL AS ref_end")
    last = max((period.end for period in periods), default=None)
    kept = _ranked(placed, schema.same_event, care, across=is_several).project(
        f"{ROW_NUMBER}, ended, is_shortened, {_is_cropped(care, last)} AS is_cropped, ref_end"
    )
    standing = connection.from_arrow(kept.to_arrow_table())
    counts = _counts(connection, rows, told, placed, standing)
    return Joined(
        table=_written(connection, rows, told, standing),
        counts=Resubmissions(
            submissions=len(submissions),
            first_quarter=_quarter(min((p.start for p in periods), default=None)),
            last_quarter=_quarter(last),
            missing_quarters=missing,
            **counts,
        ),
    )


def _told(
    connection: duckdb.DuckDBPyConnection, rows: pa.Table, schema: DataSet, same: SameEvent
) -> duckdb.DuckDBPyRelation:
    """Rows of which kind, person, council, start and end can be read, with the end that counts."""
    read = connection.from_arrow(rows).project(f"{readings(schema)}, {ROW_NUMBER}")
    end, start, died = (f'"{name} read"' for name in (END, START, DIED))
    kinds = ", ".join(map(literal, same.fields))
    can_be_read = (
        f"{PERSON_KEY} IS NOT NULL AND la_code IS NOT NULL AND {same.by} IN ({kinds}) "
        f"AND {start} IS NOT NULL AND ({END} IS NULL OR {end} IS NOT NULL)"
    )
    ended = f"least(coalesce({end}, {died}), coalesce({died}, {end}))"
    told = read.filter(can_be_read).project(
        f"* EXCLUDE ({END}), {end} AS stated_end, {ended} AS ended, CAST({ended} AS VARCHAR) AS {END}, "
        f"({ended} IS DISTINCT FROM {end}) AS is_shortened, {start} AS started, "
        f"coalesce({SUBMITTED}, '') AS submitted"
    )
    return connection.from_arrow(told.to_arrow_table())


def _submissions(told: duckdb.DuckDBPyRelation) -> list[Submission]:
    """Each submission with its events by month; the stated period is the widest that its rows state."""
    stated = told.aggregate(
        'submitted, min("reporting_period_start read"), max("reporting_period_end read"), '
        "count(DISTINCT event_type)",
        "submitted",
    ).fetchall()
    months = told.filter("ended IS NOT NULL").aggregate(
        "submitted, date_trunc('month', ended) AS month, count(*), count(DISTINCT event_type)",
        "submitted, month",
    )
    found: dict[str, list[MonthOfEvents]] = {name: [] for name, *_ in stated}
    for name, month, events, kinds in months.fetchall():
        found[name].append(MonthOfEvents(date(month.year, month.month, 1), events, kinds))
    return [
        Submission(name, tuple(found[name]), kinds, (start, end) if start and end else None)
        for name, start, end, kinds in sorted(stated)
    ]


def _placed(
    connection: duckdb.DuckDBPyConnection,
    told: duckdb.DuckDBPyRelation,
    periods: tuple[ReferencePeriod, ...],
    care: SocialCare,
) -> duckdb.DuckDBPyRelation:
    """Rows in each quarter that their submission speaks for and that they belong to.

    Events belong to the quarter they ended in; services to each that they touch.
    """
    table = pa.table(
        [[p.submitted for p in periods], [p.start for p in periods], [p.end for p in periods]], schema=PERIODS
    )
    belongs = (
        "spoken.submitted = told.submitted AND told.started <= spoken.ref_end AND "
        f"CASE WHEN event_type = {literal(care.service)} THEN coalesce(told.ended >= spoken.ref_start, true) "
        "ELSE told.ended BETWEEN spoken.ref_start AND spoken.ref_end END"
    )
    spoken = connection.from_arrow(table).set_alias("spoken")
    placed = told.set_alias("told").join(spoken, belongs).project("told.*, spoken.ref_end")
    return connection.from_arrow(placed.to_arrow_table())


def _ranked(
    placed: duckdb.DuckDBPyRelation, same: SameEvent, care: SocialCare, *, across: bool
) -> duckdb.DuckDBPyRelation:
    """One row of each event: of the latest quarter, the one without an end or with the latest, and so on."""
    left_out = set(care.only_within_one_submission) if across else set()
    parts = [
        f"CASE WHEN {same.by} = {literal(kind)} THEN {identifier(name)} END"
        for kind, names in same.fields.items()
        for name in names
        if name not in left_out
    ]
    outcomes = " ".join(
        f"WHEN {literal(code)} THEN {place}" for place, code in enumerate(care.outcome_hierarchy)
    )
    order = (
        "ref_end DESC NULLS LAST, ended DESC NULLS FIRST, "
        f"CASE event_outcome {outcomes} ELSE {len(care.outcome_hierarchy)} END, "
        f"(conversation = 'yes') DESC NULLS LAST, submitted DESC, {ROW_NUMBER} DESC"
    )
    place = f"row_number() OVER (PARTITION BY {', '.join(parts)} ORDER BY {order})"
    return placed.project(f"*, {place} AS place").filter("place = 1")


def _is_cropped(care: SocialCare, last: date | None) -> str:
    """Whether a service was open when its quarter ended, though there is a later one without it."""
    if last is None:
        return "false"
    is_open = "(ended IS NULL OR ended > ref_end)"
    return (
        f"event_type = {literal(care.service)} AND ref_end < DATE {literal(last.isoformat())} AND {is_open}"
    )


def _written(
    connection: duckdb.DuckDBPyConnection,
    rows: pa.Table,
    told: duckdb.DuckDBPyRelation,
    standing: duckdb.DuckDBPyRelation,
) -> pa.Table:
    """The rows that stand with their ends, and those that nothing could be told of, in the file's order."""
    numbers = told.project(ROW_NUMBER).to_arrow_table().column(0)
    end = "CASE WHEN is_cropped THEN ref_end ELSE ended END"
    ends = standing.project(f"{ROW_NUMBER} AS number, CAST({end} AS VARCHAR) AS written_end")
    everything = connection.from_arrow(rows)
    kept = everything.join(ends, f"{ROW_NUMBER} = number").project(
        ", ".join(f"written_end AS {END}" if name == END else identifier(name) for name in rows.column_names)
    )
    untold = rows.filter(pc.invert(pc.is_in(rows.column(ROW_NUMBER), value_set=numbers)))
    both = pa.concat_tables([kept.to_arrow_table().cast(rows.schema), untold])
    return both.sort_by(ROW_NUMBER)


def _counts(
    connection: duckdb.DuckDBPyConnection,
    rows: pa.Table,
    told: duckdb.DuckDBPyRelation,
    placed: duckdb.DuckDBPyRelation,
    standing: duckdb.DuckDBPyRelation,
) -> dict[str, int]:
    of_told = told.aggregate("count(*)").fetchall()[0][0]
    current = placed.aggregate(f"count(DISTINCT {ROW_NUMBER})").fetchall()[0][0]
    kept, cropped, ended = standing.aggregate(
        "count(*), count(*) FILTER (is_cropped), count(*) FILTER (is_shortened AND NOT is_cropped)"
    ).fetchall()[0]
    return {
        "rows_read": rows.num_rows,
        "rows_kept": kept,
        "rows_not_current": of_told - current,
        "rows_same_event": current - kept,
        "rows_untold": rows.num_rows - of_told,
        "services_cropped": cropped,
        "ended_by_death": ended,
    }


def _quarter(day: date | None) -> str | None:
    return None if day is None else f"{day.year}Q{(day.month + 2) // 3}"
