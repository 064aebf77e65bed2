"""Questions about reviews of cancer care in general practice, by year of the framework and in plain words."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from linkage_engine.contract.specification import AreaCode, Breakdown, Specification
from linkage_engine.contract.value import FieldName, Value

ReviewYear: TypeAlias = Literal["2021/22", "2022/23", "2023/24"]
"""A year of the Quality and Outcomes Framework, April to March, that has CAN004 and CAN005."""
ADJUSTMENTS = ("caninvite", "canpcadec", "canpcapu", "diag1_dat", "reg1_dat3")
"""Personalised care adjustments, in the order in which they are asked."""
EXCLUSIONS = {
    "can004": ("can_dat24m", "mdrv_dat", "diagcrv12m"),
    "can005": ("candat15m", "cansup12m", "diagcsup3m"),
}
"""For each indicator what takes somebody out of it, in the order in which it is asked."""
OF_AN_INDICATOR = ("den_plus_pca", "denominator", "numerator")
IN_PLAIN_WORDS = ("review_due", "reviewed", "support_due", "supported")


class CareReviewParameters(Value):
    """Which year of the framework, and where people live."""

    year: ReviewYear
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""
    areas: Annotated[tuple[AreaCode, ...], Field(min_length=1, max_length=60)] | None = None
    """Codes of the catalogue's areas; nothing means all of them."""

    @property
    def last_day(self) -> date:
        """The last day of the year: 31 March."""
        return date(int(self.year[:4]) + 1, 3, 31)


class CareReviewSpec(Specification):
    """Who of the people on practices' registers of cancer was reviewed, and told about support, in time."""

    template: Literal["cancer_care_review"]
    parameters: CareReviewParameters
    breakdowns: Annotated[
        tuple[Literal[Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA], ...], Field(max_length=3)
    ]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted: of each indicator three numbers and every reason; in plain words."""
        of_indicators = (
            f"{indicator}_{part}"
            for indicator, exclusions in EXCLUSIONS.items()
            for part in (*OF_AN_INDICATOR, *exclusions, *ADJUSTMENTS)
        )
        return (*of_indicators, *IN_PLAIN_WORDS)

    @property
    def crossed(self) -> int:
        """How many breakdowns one cell is of at most: all of them."""
        return len(self.breakdowns)
