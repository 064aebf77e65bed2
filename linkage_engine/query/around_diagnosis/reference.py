"""Events around a diagnosis in plain Python, one day at a time: the oracle for the SQL.

It shares only the question with the SQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.analysis_templates import AroundDiagnosisTemplate, around_diagnosis_template
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.events import events
from linkage_engine.catalogue.tumour_groups import TumourGroup, tumour_groups
from linkage_engine.contract.query_spec import (
    AdmissionsParameters,
    AroundDiagnosisSpecification,
    Breakdown,
    EmergencySpec,
    EventKind,
    ExcessSpec,
    SocialCareSpec,
    TrajectorySpec,
)

Row = Mapping[str, Any]
Stratum = tuple[str, int]
"""Sex and youngest age."""
DAY = timedelta(days=1)


@dataclass
class CellFound:
    """Who is at risk in a cell, for how many days by stratum, and what happened to whom, each time."""

    people: set[int] = field(default_factory=set)
    days: Counter[Stratum] = field(default_factory=Counter)
    happened: Mapping[str, list[int]] = field(default_factory=dict)
    at_risk: set[int] = field(default_factory=set)
    """Those with a day at risk."""


@dataclass
class Others:
    """Those compared with, by stratum."""

    persons: Counter[Stratum] = field(default_factory=Counter)
    days: Counter[Stratum] = field(default_factory=Counter)
    events: Mapping[str, Counter[Stratum]] = field(default_factory=dict)

    def expected(self, kind: str, days: Mapping[Stratum, int]) -> float | None:
        """Events expected in so many days; nothing where nobody is to be compared with."""
        if any(not self.days[stratum] for stratum in days):
            return None
        rates = {stratum: Fraction(self.events[kind][stratum], self.days[stratum]) for stratum in days}
        return float(sum((rates[stratum] * number for stratum, number in days.items()), Fraction(0)))


@dataclass(frozen=True)
class Life:
    """The rows of one person."""

    number: int
    rows: Mapping[str, list[Row]]

    def registration(self, day: date) -> Row | None:
        """The registration that covers the day: the latest, then by practice, sex, year of birth, board."""
        return _latest(row for row in self.rows["gp_registration"] if _covers(row, day))

    def dead(self, day: date) -> bool:
        """Whether the person has died by the end of a day."""
        return any(row["date_of_death"] <= day for row in self.rows["death"])

    def at_risk(self, day: date) -> bool:
        """Whether the person is registered and alive on a day."""
        registered = any(_covers(row, day) for row in self.rows["gp_registration"])
        return registered and not self.dead(day)

    def events(self, spec: AroundDiagnosisSpecification) -> list[tuple[str, date]]:
        """Kind and day of every event that is asked about."""
        asked = spec.parameters
        methods = events().methods(
            asked.admission_methods if isinstance(asked, AdmissionsParameters) else "all"
        )
        assert methods is not None
        found = [(kind, day) for kind, day in self._stays(methods.codes) if kind in spec.parameters.events]
        found += [
            (EventKind.EMERGENCY_ATTENDANCE, row["arrival_date"])
            for row in self.rows["ecds_attendance"]
            if row["attendance_category"] != "4"
        ]
        found += list(self._appointments())
        found += [
            (EventKind(f"care_{row['event_type']}"), row["event_start_date"])
            for row in self.rows["asc_cld_event"]
        ]
        found += [
            (EventKind.CARE_HOME, row["event_start_date"])
            for row in self.rows["asc_cld_event"]
            if row["event_type"] == "service"
            and row.get("service_type") in {"long_term_nursing", "long_term_residential"}
        ]
        return [(kind.value, day) for kind, day in found if kind in spec.parameters.events]

    def _stays(self, emergency: Collection[str]) -> Iterator[tuple[EventKind, date]]:
        for row in self.rows["apc_spell"]:
            method, day = row["admission_method_code"], row["start_date_hospital_provider_spell"]
            stay = row.get("patient_classification_code")
            if method in emergency:
                yield EventKind.EMERGENCY_ADMISSION, day
            elif method in {"11", "12", "13"} and stay == "1":
                yield EventKind.ELECTIVE_ADMISSION, day
            elif method in {"11", "12", "13"} and stay == "2":
                yield EventKind.DAY_CASE, day

    def _appointments(self) -> Iterator[tuple[EventKind, date]]:
        for row in self.rows["op_attendance"]:
            if row["attended_or_did_not_attend"] in {"5", "6"}:
                yield EventKind.OUTPATIENT_ATTENDANCE, row["appointment_date"]
        for row in self.rows["gp_event"]:
            if row["concept_type"] == "consultation":
                yield EventKind.GP_CONSULTATION, row["event_date"]
        for row in self.rows["community_contact"]:
            if row["attended_or_did_not_attend"] in {"5", "6"}:
                yield EventKind.COMMUNITY_CONTACT, row["care_contact_date"]

    def first_diagnosis(self, group: TumourGroup) -> date | None:
        """The day of the first diagnosis in a group."""
        dates = [
            row["diagnosis_date"]
            for row in self.rows["cancer_registration"]
            if any(r[:3] <= row["primary_diagnosis_icd10"][:3] <= (r[4:] or r) for r in group.codes)
        ]
        return min(dates, default=None)


def around_diagnosis_reference(
    spec: AroundDiagnosisSpecification, tables: Mapping[str, Iterable[Row]], *, data_end: date
) -> tuple[dict[tuple[str, ...], CellFound], Others]:
    """Every cell, and those compared with; `tables` has the tables of a run as rows of dictionaries."""
    lives = lives_of(tables)
    kinds = [kind.value for kind in spec.parameters.events]
    cells = {
        labels: CellFound(happened={kind: [] for kind in kinds})
        for labels in product(*(labels_of(spec, breakdown) for breakdown in spec.breakdowns))
    }
    for life, (title, group) in product(lives, groups_of(spec)):
        case = case_of(spec, life, group, title=title, data_end=data_end)
        for labels, cell in cells.items():
            wanted = dict(zip(spec.breakdowns, labels, strict=True))
            if case is not None and is_in(case, wanted):
                _addcase_of(spec, cell, case, period=wanted.get(Breakdown.PERIOD, "Total"))
    others = Others(events={kind: Counter() for kind in kinds})
    for life in lives:
        _add_other(spec, others, life, data_end)
    return cells, others


def lives_of(tables: Mapping[str, Iterable[Row]]) -> list[Life]:
    """Everybody on the roll, each with their own rows."""
    rows = {name: list(table) for name, table in tables.items()}
    return [
        Life(
            entry["person"],
            {name: [row for row in t if row["link_id"] == entry["link_id"]] for name, t in rows.items()},
        )
        for entry in rows["person_index"]
    ]


@dataclass(frozen=True)
class Case:
    """One person's diagnosis in one group, and the unbroken days alive and registered around it."""

    life: Life
    born: int
    own: Mapping[Breakdown, str | None]
    days: Mapping[int, date]
    """By the day's number, counted from the diagnosis."""


def case_of(
    spec: AroundDiagnosisSpecification, life: Life, group: TumourGroup, *, title: str, data_end: date
) -> Case | None:
    """The diagnosis of somebody in a group; nothing of who is no case of the question."""
    asked = spec.parameters
    first = life.first_diagnosis(group)
    if first is None or not asked.diagnosed_from <= first <= asked.diagnosed_to:
        return None
    registration = life.registration(first)
    if registration is None or life.dead(first) or first >= data_end:
        return None
    own = _own_labels(spec, registration, first) | {Breakdown.TUMOUR_GROUP: title}
    if own[Breakdown.SEX] is None or own[Breakdown.AGE_BAND] is None:
        return None
    born = registration["year_of_birth"]
    begin, end = _window(spec)

    def unbroken(numbers: Iterable[int]) -> Iterator[int]:
        for number in numbers:
            day = first + number * DAY
            if not life.at_risk(day) or day >= data_end or day.year < born:
                return
            yield number

    days = [*unbroken(range(-1, begin - 1, -1)), *unbroken(range(end))]
    return Case(life, born, own, {n: first + n * DAY for n in days if begin <= n < end})


def _window(spec: AroundDiagnosisSpecification) -> tuple[int, int]:
    """The first day of the question, counted from the diagnosis, and the first day after it."""
    if isinstance(spec, TrajectorySpec):
        return _day(-spec.parameters.months_before), _day(spec.parameters.months_after)
    if isinstance(spec, ExcessSpec):
        return _day(spec.parameters.from_month), _day(spec.parameters.to_month)
    if isinstance(spec, SocialCareSpec):
        return -365, 549
    assert isinstance(spec, EmergencySpec)
    return 0, spec.parameters.window_days


MONTH = Fraction(36525, 1200)
"""Days."""


def _day(month: int) -> int:
    """The first day that lies in a month, counted from the diagnosis."""
    return ceil(month * MONTH)


def _period(spec: AroundDiagnosisSpecification, number: int) -> str | None:
    """The label of the month or quarter in which a day lies."""
    if not isinstance(spec, TrajectorySpec):
        return None
    if spec.parameters.period == "quarter":
        return f"Quarter {floor(number / (3 * MONTH))}"
    return f"Month {floor(number / MONTH)}"


def is_in(case: Case, wanted: Mapping[Breakdown, str]) -> bool:
    """Whether somebody is in a cell of these labels."""
    # the total of tumour groups is a group of its own, not the sum of the others
    group = {Breakdown.TUMOUR_GROUP: "Total", **wanted}
    group.pop(Breakdown.PERIOD, None)  # along periods the people are the same
    return case.own[Breakdown.TUMOUR_GROUP] == group.pop(Breakdown.TUMOUR_GROUP) and all(
        label in {case.own[breakdown], "Total"} for breakdown, label in group.items()
    )


def _addcase_of(spec: AroundDiagnosisSpecification, cell: CellFound, case: Case, *, period: str) -> None:
    sex = case.own[Breakdown.SEX]
    assert sex is not None
    cell.people.add(case.life.number)
    days = {day for n, day in case.days.items() if period in {_period(spec, n), "Total"}}
    cell.days.update((sex, _stratum_age(day.year - case.born)) for day in days)
    cell.at_risk |= {case.life.number} if days else set()
    for kind, day in case.life.events(spec):
        if day in days:
            cell.happened[kind].append(case.life.number)


def _add_other(spec: AroundDiagnosisSpecification, others: Others, life: Life, data_end: date) -> None:
    begin, after = _window(spec)
    start = spec.parameters.diagnosed_from + begin * DAY
    end = min(data_end, spec.parameters.diagnosed_to + after * DAY)
    first = life.first_diagnosis(tumour_groups().all_cancers)
    registration = _latest(
        row
        for row in life.rows["gp_registration"]
        if any(_covers(row, start + n * DAY) for n in range((end - start).days))
    )
    if registration is None or (first is not None and first < data_end):
        return
    sex, born = _sex(registration["sex"]), registration["year_of_birth"]
    days = [
        day for n in range((end - start).days) if life.at_risk(day := start + n * DAY) and day.year >= born
    ]
    if sex is None or not days:
        return
    others.persons[sex, _stratum_age(days[0].year - born)] += 1
    others.days.update((sex, _stratum_age(day.year - born)) for day in days)
    for kind, day in life.events(spec):
        if day in days:
            others.events[kind][sex, _stratum_age(day.year - born)] += 1


def _covers(row: Row, day: date) -> bool:
    return bool(row["registration_start"] <= day) and (
        row["registration_end"] is None or day < row["registration_end"]
    )


def _latest(registrations: Iterable[Row]) -> Row | None:
    ordered = sorted(
        registrations,
        key=lambda row: (
            -row["registration_start"].toordinal(),
            row["gp_practice_code"],
            row["sex"],
            row["year_of_birth"],
            row["icb_code"] is None,
            row["icb_code"],
        ),
    )
    return ordered[0] if ordered else None


def _own_labels(
    spec: AroundDiagnosisSpecification, registration: Row, day: date
) -> dict[Breakdown, str | None]:
    banding = age_bandings().named(spec.parameters.age_bands)
    assert banding is not None
    age = day.year - registration["year_of_birth"]
    fitting = [band.label for band in banding.bands if band.youngest <= age]
    area = next((a for a in areas().areas if a.code == registration["icb_code"]), None)
    return {
        Breakdown.SEX: _sex(registration["sex"]),
        Breakdown.AGE_BAND: fitting[-1] if fitting else None,
        Breakdown.AREA: None if area is None else area.label,
    }


def _stratum_age(age: int) -> int:
    return min(age // 5 * 5, 90)


def _sex(code: str) -> str | None:
    return next((sex.label for sex in _template().sexes if code in sex.codes), None)


def _template() -> AroundDiagnosisTemplate:
    """All templates have the same sexes."""
    return around_diagnosis_template("emergency_15m")


def groups_of(spec: AroundDiagnosisSpecification) -> list[tuple[str, TumourGroup]]:
    """Every group that is counted with its label, all cancers among them."""
    asked = spec.parameters.tumour_groups
    groups = [g for g in tumour_groups().groups if asked is None or g.name in asked]
    return [("Total", tumour_groups().all_cancers), *((group.title, group) for group in groups)]


def labels_of(spec: AroundDiagnosisSpecification, breakdown: Breakdown) -> list[str]:
    """Every label of a breakdown, the margin last."""
    asked = spec.parameters
    banding = age_bandings().named(asked.age_bands)
    assert banding is not None
    groups = {group.name: group.title for group in tumour_groups().groups}
    boards = {area.code: area.label for area in areas().areas}
    labels = {
        Breakdown.SEX: [sex.label for sex in _template().sexes],
        Breakdown.AGE_BAND: [band.label for band in banding.bands],
        Breakdown.TUMOUR_GROUP: [groups[name] for name in asked.tumour_groups or groups],
        Breakdown.AREA: [boards[code] for code in asked.areas or boards],
        Breakdown.PERIOD: list(
            dict.fromkeys(filter(None, (_period(spec, n) for n in range(*_window(spec)))))
        ),
    }
    return [*labels[breakdown], "Total"]
