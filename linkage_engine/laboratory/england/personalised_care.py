"""Personalised care in hospitals: what people with cancer are offered, accept and get, trust by trust.

About a quarter of trusts submit no needs assessments, as has been published; 83 % of teams said in 2021 that
they offer care plans. How far trusts differ, and what people answer, is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.laboratory.england.cancers import Tumour
from linkage_engine.laboratory.england.contacts import SINCE, last_day
from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.laboratory.england.people import Person


@dataclass(frozen=True, slots=True)
class Trust:
    """How one trust works: shares of people to whom it offers, and of treatments that it sums up."""

    code: str
    offers: float
    sums_up: float


# No trust has these codes; where somebody is treated is drawn. Where a share is nought nothing is submitted.
TRUSTS = (
    Trust("XZ1", offers=0.92, sums_up=0.75),
    Trust("XZ2", offers=0.84, sums_up=0.60),
    Trust("XZ3", offers=0.0, sums_up=0.55),
    Trust("XZ4", offers=0.73, sums_up=0.0),
)
TREATED = 0.8
TREATMENTS = Weighted.of(
    {
        "surgery": 45.0,
        "systemic": 22.0,
        "radiotherapy": 14.0,
        "chemoradiotherapy": 8.0,
        "active_monitoring": 11.0,
    }
)
ANSWERS = Weighted.of(
    {"offered_accepted": 64.0, "offered_declined": 17.0, "offered_undecided": 13.0, "offered_unable": 6.0}
)
BLANK = 0.04
"""Of offers, at trusts that submit them: nothing was entered."""
DONE = 0.9
PLAN_AFTER_ASSESSMENT, PLAN_WITHOUT = 0.85, 0.3


@dataclass(frozen=True, slots=True)
class Offer:
    """What was offered, what the person said, and the day on which it was done."""

    status: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class CareRecord:
    """What a trust has of one tumour; days after a death or the extract are not there."""

    trust: str
    assessment: Offer
    plan: Offer
    modality: str
    started: date | None
    ended: date | None
    summed_up: date | None


def care_records(dice: Dice, person: Person) -> tuple[CareRecord, ...]:
    """A record for each tumour of a person that was diagnosed from SINCE on, all at one trust."""
    tumours = tuple(_tumours(person))
    if not tumours:
        return ()
    trust = dice.pick(TRUSTS)
    return tuple(_record(dice, trust, tumour, last_day(person)) for tumour in tumours)


def _tumours(person: Person) -> Iterator[Tumour]:
    for tumour in person.history.tumours:
        if tumour.diagnosed >= SINCE and tumour.site.startswith("C") and not tumour.site.startswith("C44"):
            yield tumour


def _record(dice: Dice, trust: Trust, tumour: Tumour, last: date) -> CareRecord:
    first = tumour.diagnosed
    assessment = _offer(dice, trust.offers, first, last)
    accepted = assessment.status == "offered_accepted"
    likely = PLAN_AFTER_ASSESSMENT if accepted else PLAN_WITHOUT
    plan = _offer(dice, trust.offers and likely, assessment.day or first, last)
    treated = dice.chance(TREATED)
    started = _until(last, first + timedelta(days=dice.between(7, 62))) if treated else None
    ended = None if started is None else _until(last, started + timedelta(days=dice.between(1, 200)))
    summed_up = None
    if ended is not None and dice.chance(trust.sums_up):
        summed_up = _until(EXTRACT_DATE, ended + timedelta(days=int(60 * dice.waiting_time())))
    return CareRecord(
        trust=trust.code,
        assessment=assessment,
        plan=plan,
        modality=dice.draw(TREATMENTS) if started is not None else "",
        started=started,
        ended=ended,
        summed_up=summed_up,
    )


def _offer(dice: Dice, share: float, first: date, last: date) -> Offer:
    """An offer, and for many who accept the day within four months of the first day when it was done."""
    if not share or dice.chance(BLANK):
        return Offer()
    if not dice.chance(share):
        return Offer("not_offered")
    status = dice.draw(ANSWERS)
    is_done = status == "offered_accepted" and dice.chance(DONE)
    return Offer(
        status, _until(last, first + timedelta(days=int(45 * dice.waiting_time()))) if is_done else None
    )


def _until(last: date, day: date) -> date | None:
    return day if day <= last else None
