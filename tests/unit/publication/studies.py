"""Releases of several templates, with numbers drawn by hand."""

from __future__ import annotations

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.query_spec import Breakdown, CareItem, QuerySpec
from tests.spec.drawn_emergency import an_emergency_spec
from tests.spec.drawn_personalised_care import a_care_spec
from tests.spec.drawn_registers import a_register_spec
from tests.spec.test_excess_vs_same_age_sex import an_excess_spec
from tests.spec.test_service_use_trajectory import a_trajectory_spec
from tests.spec.test_social_care_response import a_social_care_spec
from tests.unit.publication.releases import Numbers, a_release
from tests.unit.quality_report.answers import asked

HIDDEN = CellStatus.CONFIDENTIAL
ADMISSION, ATTENDANCE = "emergency_admission", "emergency_attendance"


def of(kind: str, **numbers: float | CellStatus) -> dict[str, float | CellStatus]:
    """Measures of one kind of event."""
    return {f"{kind}_{name}": number for name, number in numbers.items()}


EMERGENCY: QuerySpec = an_emergency_spec(Breakdown.SEX)
EMERGENCY_NUMBERS: Numbers = {
    ("Male",): of(ADMISSION, ratio=1.38, ratio_lower=0.91, ratio_upper=2.01) | {"cases": 93},
    ("Female",): of(ADMISSION, ratio=2.33, ratio_lower=1.7, ratio_upper=3.12) | {"cases": 87},
    ("Not known or not specified",): {},
    ("Total",): {"cases": 180},
}
EMERGENCY_RELEASE = a_release(EMERGENCY, EMERGENCY_NUMBERS)

_AREAS: dict[str, tuple[int, float | CellStatus]] = {
    "Large": (9000, 30.0),
    "Small": (300, 33.0),
    "Odd": (4000, 45.0),
    "Far": (9500, 25.0),
    "Hidden": (300, HIDDEN),
}
BY_AREA_RELEASE = a_release(
    an_emergency_spec(Breakdown.AREA, events=(ADMISSION,)),
    {
        **{(area,): of(ADMISSION, percent=share) | {"cases": size} for area, (size, share) in _AREAS.items()},
        ("Total",): of(ADMISSION, percent=31.0) | {"cases": 13600},
    },
)

EXCESS: QuerySpec = an_excess_spec(Breakdown.SEX, events=(ADMISSION,))
EXCESS_RELEASE = a_release(
    EXCESS,
    {
        ("Male",): of(ADMISSION, difference=120.5, difference_lower=-20.0, difference_upper=260.0),
        ("Female",): of(ADMISSION, difference=HIDDEN),
        ("Total",): {},
    },
)

TRAJECTORY: QuerySpec = a_trajectory_spec(
    Breakdown.PERIOD, events=(ADMISSION,), months_before=2, months_after=3
)
_RATES = {"-2": 110.0, "-1": 190.0, "0": 900.0, "1": None, "2": 400.0}
TRAJECTORY_RELEASE = a_release(
    TRAJECTORY,
    {
        **{
            (month,): of(ADMISSION, rate=HIDDEN)
            if rate is None
            else of(ADMISSION, rate=rate, rate_lower=rate - 50, rate_upper=rate + 60, expected_rate=100.0)
            for month, rate in _RATES.items()
        },
        ("Total",): {"cases": 300},
    },
)

_BY_SEX = {"Male": (120.0, 980.0), "Female": (90.0, 410.0), "Total": (100.0, 700.0)}
BY_SEX: Numbers = {
    **{
        (month, sex): of(ADMISSION, rate=rate, expected_rate=100.0)
        for sex, rates in _BY_SEX.items()
        for month, rate in zip(("-1", "0", "Total"), (*rates, 300.0), strict=True)
    },
    **{(month, "Not known or not specified"): {} for month in ("-1", "0", "Total")},
}
TRAJECTORY_BY_SEX_RELEASE = a_release(
    a_trajectory_spec(Breakdown.PERIOD, Breakdown.SEX, events=(ADMISSION,), months_before=1, months_after=1),
    BY_SEX,
)

SOCIAL_CARE_RELEASE = a_release(
    a_social_care_spec(Breakdown.SEX, events=("care_home",)),
    {
        ("Male",): of("care_home", within_18m=4.5, within_3m=1.5),
        ("Female",): of("care_home", within_18m=CellStatus.UNAVAILABLE),
        ("Total",): {"cases": 300},
    },
)

LINKAGE_RELEASE = a_release(
    asked(Breakdown.SEX, Breakdown.AGE_BAND),
    {
        ("Male", "Total"): {"linked_strict_percent": 66.8, "linked_lenient_percent": 70.1},
        ("Female", "Total"): {"linked_strict_percent": 73.9, "linked_lenient_percent": CellStatus.HIGH},
        ("Not known or not specified", "Total"): {},
        ("Total", "0 to 44"): {},
        ("Total", "Total"): {"people": 1893},
    },
)

TRUSTS = ("RAA", "RBB", "RCC", "RDD")
NEEDS = "needs_assessment"
_LOW, _NONE = CellStatus.LOW, CellStatus.UNAVAILABLE
_SILENT = of(NEEDS, no_submission=CellStatus.HIGH, offered=_LOW, not_offered=_LOW, offered_percent=_NONE)
CARE_RELEASE = a_release(
    a_care_spec(Breakdown.ORGANISATION, organisations=TRUSTS, items=(CareItem.NEEDS_ASSESSMENT,)),
    {
        ("RAA",): of(NEEDS, offered=800, not_offered=200, no_submission=50, offered_percent=80.0)
        | of(NEEDS, accepted=400, accepted_percent=50.0),
        ("RBB",): of(NEEDS, offered=150, not_offered=150, no_submission=_LOW, offered_percent=50.0)
        | of(NEEDS, accepted=80, accepted_percent=53.3),
        ("RCC",): _SILENT | {"diagnosed": 400},
        ("RDD",): {},
        ("Total",): of(NEEDS, offered=950, not_offered=350, offered_percent=73.1)
        | of(NEEDS, accepted=480, accepted_percent=50.5)
        | {"diagnosed": 1900},
    },
)

REGISTERS_RELEASE = a_release(
    a_register_spec(Breakdown.SEX),
    {
        ("Male",): {"completeness": 94.3, "confirmed": 97.0},
        ("Female",): {"completeness": 75.0, "confirmed": HIDDEN},
        ("Total",): {"both": 1400},
    },
)
