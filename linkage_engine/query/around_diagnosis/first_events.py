"""The first event after a diagnosis: on which day it happened, or death prevented it, or the view ended."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from linkage_engine.query.around_diagnosis.cases import CASES, cases
from linkage_engine.query.around_diagnosis.cells import WHO
from linkage_engine.query.around_diagnosis.events import EVENTS, counted_events
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan
from linkage_engine.query.around_diagnosis.time_at_risk import TIME_AT_RISK, time_at_risk
from linkage_engine.query.around_diagnosis.windows import HORIZON, YEAR_BEFORE
from linkage_engine.query.raw_table import Persons, RawCell, RawTable, Tally
from linkage_engine.query.sets import keys, people_of
from linkage_engine.query.sql import LISTS, Statement, lists

FIRST_EVENTS = """,
endpoint AS (
  SELECT unnest($endpoint_kinds) AS kind
),
followed_case AS (
  SELECT person_case.tumour_group, person_case.link_id, person, sex, age_band, area, diagnosed, starts,
    least(ends, diagnosed + CAST($horizon AS INTEGER) + 1) AS ends,
    CASE WHEN died.day = ends AND died.day < $data_end AND died.day - diagnosed <= $horizon THEN died.day END
      AS died
  FROM person_case
  LEFT JOIN died ON died.link_id = person_case.link_id
),
first_event AS (
  SELECT tumour_group, person, event.kind, min(event.day) FILTER (WHERE event.day >= diagnosed) AS day,
    bool_or(event.day < diagnosed AND event.day >= diagnosed - CAST($year_before AS INTEGER)) AS was_before
  FROM followed_case
  JOIN event ON event.link_id = followed_case.link_id AND event.day >= starts AND event.day < ends
  GROUP BY tumour_group, person, event.kind
),
course AS (
  SELECT followed_case.tumour_group, followed_case.person, sex, age_band, area, endpoint.kind,
    coalesce(first_event.day, died, followed_case.ends - 1) - diagnosed AS days,
    first_event.day IS NOT NULL AS happened,
    first_event.day IS NULL AND died IS NOT NULL AS is_prevented,
    coalesce(first_event.was_before, FALSE) AS was_before
  FROM followed_case
  CROSS JOIN endpoint
  LEFT JOIN first_event ON first_event.tumour_group = followed_case.tumour_group
    AND first_event.person = followed_case.person AND first_event.kind = endpoint.kind
)
SELECT tumour_group, kind, sex, age_band, area, list(person ORDER BY person) AS persons,
  list(days ORDER BY person) AS days,
  list(person ORDER BY person) FILTER (WHERE happened) AS happened,
  list(person ORDER BY person) FILTER (WHERE is_prevented) AS died,
  list(person ORDER BY person) FILTER (WHERE was_before) AS before
FROM course
GROUP BY tumour_group, kind, CUBE (sex, age_band, area)
"""

_PARTS = (("", "happened"), ("_died", "died"), ("_before", "before"))


def statement(plan: AroundDiagnosisPlan) -> Statement:
    """By cell and kind of event: people, the last day of each, and to whom what happened."""
    bound = lists(plan) | time_at_risk(plan) | counted_events(plan) | cases(plan)
    own = {
        "endpoint_kinds": [kind.value for kind in plan.kinds],
        "horizon": HORIZON,
        "year_before": YEAR_BEFORE,
    }
    return Statement(LISTS + TIME_AT_RISK + EVENTS + CASES + FIRST_EVENTS, bound | own)


def first_events(plan: AroundDiagnosisPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is a case in every cell, everybody's last day in view of each event, and what happened then."""
    rows = ask(statement(plan))
    found = {
        (*key, kind): row
        for row, (key, kind) in enumerate(zip(keys(rows, WHO), rows["kind"].to_pylist(), strict=True))
    }
    sets = {name: people_of(rows[name]) for name in ("persons", "days", "happened", "died", "before")}

    def of(name: str, labels: tuple[str, ...], kind: str) -> Persons:
        row = found.get((*(plan.label(labels, breakdown) for breakdown in WHO), kind))
        return np.empty(0, dtype=np.int32) if row is None else sets[name][row]

    def days(labels: tuple[str, ...], kind: str) -> Tally:
        return of("days", labels, kind).astype(np.int64)

    kinds = [kind.value for kind in plan.kinds]
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=plan.parts,
        cells=tuple(
            RawCell(
                labels=labels,
                population=of("persons", labels, kinds[0]),
                parts={f"{kind}{which}": of(name, labels, kind) for kind in kinds for which, name in _PARTS},
                applicable=plan.applies(labels),
                values={f"{kind}_days": days(labels, kind) for kind in kinds},
            )
            for labels in plan.cells()
        ),
    )
