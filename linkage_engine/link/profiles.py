"""The linkage model."""

from __future__ import annotations

from linkage_engine.link.fields import (
    ADDRESS_AT_POSTCODE,
    ADDRESS_ELSEWHERE,
    DOB,
    MIDDLE_INITIAL,
    NHS_NUMBER,
    POSTCODE,
    SEX,
)
from linkage_engine.link.names import NAME_PAIR, names

COMPARISONS = (
    NHS_NUMBER,
    DOB,
    *names("name_pair"),
    NAME_PAIR,
    POSTCODE,
    ADDRESS_AT_POSTCODE,
    ADDRESS_ELSEWHERE,
    SEX,
    MIDDLE_INITIAL,
)
