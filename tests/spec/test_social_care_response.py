"""First contact with social care after a diagnosis, told in small tables; both engines must agree on each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from linkage_engine.catalogue.analysis_templates import planned_measures
from linkage_engine.contract.controlled_table import Statistic
from linkage_engine.contract.query_spec import Breakdown, SocialCareParameters, SocialCareSpec
from linkage_engine.disclosure.before import before_control
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.query.around_diagnosis.first_events_reference import Cells, first_events_reference
from linkage_engine.query.around_diagnosis.statements import INPUTS
from tests.spec.drawn import Rows, drawn, people
from tests.spec.drawn_emergency import emergency_by_sql
from tests.spec.test_emergency_15m import a_woman, diagnosed, registrations

DATA_END = date(2022, 1, 1)
ASSESSMENT, SERVICE, HOME = "care_assessment", "care_service", "care_home"
Figures = dict[str, float | None]


def a_social_care_spec(*breakdowns: Breakdown, **parameters: Any) -> SocialCareSpec:
    """Assessments after diagnoses of March 2020, unless told otherwise."""
    asked = SocialCareParameters(
        **{
            "diagnosed_from": date(2020, 3, 1),
            "diagnosed_to": date(2020, 3, 31),
            "events": (ASSESSMENT,),
        }
        | parameters
    )
    return SocialCareSpec(
        project_id="a-project", template="social_care_response", parameters=asked, breakdowns=breakdowns
    )


def social_care_agreed(
    spec: SocialCareSpec, tables: Mapping[str, Rows], data_end: date = DATA_END
) -> tuple[Cells, dict[tuple[str, ...], Figures]]:
    """What both engines say, and every cell's figures before disclosure control; incidence to one decimal."""
    cells = first_events_reference(spec, {name: tables.get(name, []) for name in INPUTS}, data_end=data_end)
    raw = emergency_by_sql(spec, tables, data_end)
    kinds = [kind.value for kind in spec.parameters.events]
    for cell in raw.cells:
        found = cells[cell.labels]
        assert cell.population.tolist() == sorted(found[kinds[0]].days)
        for kind in kinds:
            courses, number = found[kind], cell.population.tolist()
            assert dict(zip(number, cell.values[f"{kind}_days"].tolist(), strict=True)) == courses.days
            told = {which: set(cell.parts[f"{kind}{which}"].tolist()) for which in ("", "_died", "_before")}
            assert told == {"": courses.happened, "_died": courses.died, "_before": courses.before}
    measures = planned_measures(spec)
    table = ExactTable(
        title="Title",
        template=raw.template,
        dimensions=raw.dimensions,
        measures=measures,
        cells=tuple(
            ExactCell(c.labels, c.population, c.parts, applicable=c.applicable, values=c.values)
            for c in raw.cells
        ),
    )
    figures = {
        cell.labels: {m.name: number for m, number in zip(measures, row, strict=True)}
        for cell, row in zip(table.cells, before_control(table), strict=True)
    }
    for labels, kind in ((labels, kind) for labels in cells for kind in kinds):
        for measure in measures:
            if measure.statistic is Statistic.INCIDENCE and measure.part == kind:
                share = cells[labels][kind].incidence(measure.at or 0)
                expected = None if share is None else pytest.approx(100 * float(share), abs=0.0500001)
                assert figures[labels][measure.name] == expected
    return cells, figures


def cared(text: str) -> Rows:
    return drawn("link_id | event_start_date | event_type | service_type\n" + text.strip())


def test_the_first_cohort_worked_by_hand() -> None:
    """Four women diagnosed on 1 March 2020.

    p1 is assessed on day 10 and again on day 20. p2 dies on day 15. p3 is assessed on day 40, p4 never is
    and is in view to day 548. By day 91: 1/4 on day 10; of the three left one
    dies; of the two left, half of all, one is assessed on day 40: 1/4 + 1/2 * 1/2 = 1/2.
    """
    cells, figures = social_care_agreed(
        a_social_care_spec(),
        {
            "person_index": people(4),
            "gp_registration": [a_woman(n) for n in range(1, 5)],
            "cancer_registration": diagnosed("\n".join(f"p{n} | 2020-03-01 | C509" for n in range(1, 5))),
            "death": drawn("link_id | date_of_death\np2 | 2020-03-16"),
            "asc_cld_event": cared("""
                p1 | 2020-03-11 | assessment |
                p1 | 2020-03-21 | assessment |
                p2 | 2020-03-16 | assessment |
                p3 | 2020-04-10 | assessment |
                p4 | 2020-04-10 | request    |
            """),
        },
    )
    found = cells[()][ASSESSMENT]
    assert found.days == {1: 10, 2: 15, 3: 40, 4: 548}
    assert (found.happened, found.died, found.before) == ({1, 3}, {2}, set())
    assert found.incidence(30) == Fraction(1, 4)
    assert found.incidence(548) == Fraction(1, 2)
    assert figures[()]["care_assessment_within_3m"] == 50.0
    assert (figures[()]["care_assessment_persons"], figures[()]["care_assessment_died"]) == (2, 1)


def test_the_second_cohort_worked_by_hand_leaves_the_view() -> None:
    """Two men leave, one by moving on day 5, one where the data end, on day 10; a third is served.

    On day 12 he is alone in view: the incidence is 0 up to day 11 and 1 from then on.
    """
    cells, figures = social_care_agreed(
        a_social_care_spec(events=(SERVICE,)),
        {
            "person_index": people(3),
            "gp_registration": registrations("""
                p1 | A00001 | 2000-01-01 | 2020-03-06 | 1950 | 1 |
                p2 | A00001 | 2000-01-01 |            | 1950 | 1 |
                p3 | A00001 | 2000-01-01 |            | 1950 | 1 |
            """),
            "cancer_registration": diagnosed("""
                p1 | 2020-03-01 | C61
                p2 | 2020-03-04 | C61
                p3 | 2020-03-01 | C61
            """),
            "death": drawn("link_id | date_of_death\np1 | 2020-03-07\np2 | 2020-03-14"),
            "asc_cld_event": cared("""
                p1 | 2020-03-06 | service | long_term_community
                p2 | 2020-03-14 | service | long_term_community
                p3 | 2020-03-13 | service | short_term_reablement
            """),
        },
        date(2020, 3, 14),
    )
    found = cells[()][SERVICE]
    assert found.days == {1: 4, 2: 9, 3: 12}, "the last day in view is the day before"
    assert (found.happened, found.died) == ({3}, set()), "of a death on the data end nothing is known"
    assert figures[()]["care_service_within_3m"] == 100.0


def test_the_third_cohort_worked_by_hand_looks_back_a_year_and_tells_homes_apart() -> None:
    """The year before 1 March 2021 begins on 1 March 2020; a service at home is no care home."""
    cells, figures = social_care_agreed(
        a_social_care_spec(
            Breakdown.SEX,
            diagnosed_from=date(2021, 3, 1),
            diagnosed_to=date(2021, 3, 1),
            events=(SERVICE, HOME),
        ),
        {
            "person_index": people(3),
            "gp_registration": [a_woman(1), a_woman(2), a_woman(3, registration_start=date(2020, 6, 1))],
            "cancer_registration": diagnosed(
                "p1 | 2021-03-01 | C509\np2 | 2021-03-01 | C509\np3 | 2021-03-01 | C509"
            ),
            "asc_cld_event": cared("""
                p1 | 2020-02-29 | service | long_term_nursing
                p2 | 2020-03-01 | service | long_term_residential
                p3 | 2020-05-31 | service | long_term_nursing
                p3 | 2021-02-28 | service | long_term_community
                p1 | 2021-03-01 | service | long_term_community
                p1 | 2021-06-01 | service | long_term_nursing
            """),
        },
    )
    women = cells[("Female",)]
    assert (women[SERVICE].before, women[HOME].before) == ({2, 3}, {2})
    assert (women[SERVICE].days[1], women[HOME].days[1]) == (0, 92)
    assert women[SERVICE].days[2] == 305, "in view up to the day before the data end"
    assert figures[("Female",)]["care_home_within_3m"] == 0
    assert figures[("Female",)]["care_home_within_6m"] == pytest.approx(33.3)
    assert figures[("Female",)]["care_home_before_percent"] == 33.3
    assert figures[("Male",)]["care_home_within_6m"] is None
