"""Who is in the registry's period and not in an answer, and whose records say what cannot be: by reason."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from linkage_engine.contract.value import Value


class Exclusion(StrEnum):
    """What became of a person with a first diagnosis in the period: the first of the reasons that holds."""

    COUNTED = "counted"
    """In the answer."""
    DIED_BEFORE_DIAGNOSIS = "died-before-diagnosis"
    """The death is dated before the diagnosis."""
    ON_NO_LIST = "on-no-list"
    """A tumour of nobody in the population: no registration with a practice is linked to it."""
    AFTER_THE_DATA = "after-the-data"
    """Diagnosed when the data on events have ended."""
    NOT_LISTED_THAT_DAY = "not-listed-that-day"
    """No registration covers the day on which people are counted."""
    NOT_ALIVE_THAT_DAY = "not-alive-that-day"
    """Died by the day on which people are counted."""
    BORN_LATER = "born-later"
    """By the registration born in a later year than that day's, or in none."""
    SEX_UNKNOWN_TO_THE_TEMPLATE = "sex-unknown-to-the-template"
    """The registration has a sex that the template has no label for."""
    OTHERWISE = "otherwise"
    """None of these: a fault of ours."""


class Oddity(StrEnum):
    """What is odd about people who are counted, and what is done with it."""

    SEVERAL_DEATHS = "several-deaths"
    """Deaths of several days are linked to them: the first counts."""
    AREA_OUTSIDE_THE_HIERARCHY = "area-outside-the-hierarchy"
    """No area of the hierarchy is stated: they are in the total alone."""
    AT_NO_TRUST = "at-no-trust"
    """No record of personalised care tells a trust: they are in the total alone."""


class PersonsBy(Value):
    """How many persons a reason holds for, exactly."""

    reason: Exclusion | Oddity
    persons: Annotated[int, Field(ge=0)]
