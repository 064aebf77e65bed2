"""The scores of the survey as columns of a table: what each is called, made of, and told on which scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from linkage_engine.catalogue.definitions.eq_5d_5l import FULL_HEALTH, eq_5d_5l
from linkage_engine.catalogue.definitions.qlq_c30 import qlq_c30
from linkage_engine.catalogue.definitions.quality_of_life_norms import VAS_TENTHS
from linkage_engine.contract.controlled_table import Span, Statistic
from linkage_engine.contract.quality_of_life import RESPONDED, Score

PEOPLE_MIN = 10
"""No mean is told of fewer people, whatever a policy allows."""

_ANSWERED = ("qol_response.response_date", "qol_response.linkage_consent")
_POINTS, _INDEX = "points", "index"


@dataclass(frozen=True)
class Scored:
    """A score: its title, the columns of its answers, and where its whole numbers lie on the scale told."""

    score: Score
    title: str
    columns: tuple[str, ...]
    span: Span | None = None
    """Nothing for a dimension, which has no mean."""
    norm: Span | None = None
    """Where the general population's mean is known: its own whole numbers."""

    def measures(self) -> Iterator[dict[str, Any]]:
        """The columns of a table about the score."""
        yield from self._of_a_dimension() if self.span is None else self._of_a_scale(self.span)

    def roles(self) -> dict[str, dict[str, Any]]:
        """The role of each part of the score: an outcome of its own."""
        fields = (*_ANSWERED, *(f"qol_response.{column}" for column in self.columns))
        return {part: {"outcome": f"answered_{part}", "fields": fields} for part in self.score.parts}

    def _of_a_dimension(self) -> Iterator[dict[str, Any]]:
        problem, none = self.score.parts
        of_two = {"part": problem, "besides": none}
        words = f"with any problem, {self.title}"
        yield _measure(problem, f"People {words}", Statistic.COUNT, "persons", part=problem)
        yield _measure(none, f"People with no problem, {self.title}", Statistic.COUNT, "persons", part=none)
        yield _measure(
            f"{self.score}_percent",
            f"Percentage of those who answered {words}",
            Statistic.SHARE_OF_TWO,
            "percent",
            **of_two,
        )
        for side, statistic in (
            ("lower", Statistic.SHARE_OF_TWO_LOWER),
            ("upper", Statistic.SHARE_OF_TWO_UPPER),
        ):
            title = f"{side.capitalize()} limit of that percentage, 95 %"
            yield _measure(f"{self.score}_percent_{side}", title, statistic, "percent", **of_two)

    def _of_a_scale(self, span: Span) -> Iterator[dict[str, Any]]:
        unit = _INDEX if self.score is Score.EQ_INDEX else _POINTS
        about = {"part": str(self.score), "variable": str(self.score)}
        told = about | {"span": span.model_dump(), "people_min": PEOPLE_MIN}
        yield _measure(
            f"{self.score}_people",
            f"People with a score, {self.title}",
            Statistic.COUNT,
            "persons",
            part=str(self.score),
        )
        yield _measure(f"{self.score}_mean", f"Mean, {self.title}", Statistic.MEAN, unit, **told)
        yield _measure(f"{self.score}_sd", f"Standard deviation, {self.title}", Statistic.SD, unit, **told)
        yield from self._limits("mean", Statistic.MEAN_LOWER, Statistic.MEAN_UPPER, unit, about)
        if self.norm is None:
            return
        yield _measure(
            f"{self.score}_expected",
            f"Mean of the general population of the same ages and sexes, {self.title}",
            Statistic.EXPECTED_MEAN,
            unit,
            **about,
            span=self.norm.model_dump(),
            people_min=PEOPLE_MIN,
        )
        title = f"Mean less that of the general population, {self.title}"
        yield _measure(f"{self.score}_difference", title, Statistic.MEAN_DIFFERENCE, unit, **about)
        lower, upper = Statistic.MEAN_DIFFERENCE_LOWER, Statistic.MEAN_DIFFERENCE_UPPER
        yield from self._limits("difference", lower, upper, unit, about)

    def _limits(
        self, of: str, lower: Statistic, upper: Statistic, unit: str, about: dict[str, str]
    ) -> Iterator[dict[str, Any]]:
        for side, statistic in (("lower", lower), ("upper", upper)):
            title = f"{side.capitalize()} limit of that {of}, 95 %, {self.title}"
            yield _measure(f"{self.score}_{of}_{side}", title, statistic, unit, **about)


def _measure(name: str, title: str, statistic: Statistic, unit: str, **about: object) -> dict[str, Any]:
    return {"name": name, "title": title, "unit": unit, "statistic": statistic.value, **about}


def scored() -> tuple[Scored, ...]:
    """Every score that can be asked for, in the order of `Score`."""
    eq, qlq = eq_5d_5l(), qlq_c30()
    dimensions = [Scored(Score(each.name), each.title, (each.column,)) for each in eq.dimensions]
    profile = tuple(each.column for each in eq.dimensions)
    scales = [
        Scored(
            Score(each.name),
            f"{each.title} (QLQ-C30)",
            tuple(f"q{item}" for item in each.items),
            Span(levels=each.levels),
        )
        for each in qlq.scales
    ]
    summarised = tuple(f"q{item}" for each in qlq.summarised for item in each.items)
    found = (
        *dimensions,
        Scored(
            Score.EQ_VAS,
            "visual analogue scale (EQ-5D-5L)",
            ("eq_vas",),
            Span(levels=100),
            norm=Span(levels=VAS_TENTHS),
        ),
        Scored(
            Score.EQ_INDEX,
            "index (EQ-5D-5L)",
            profile,
            _BELOW_FULL_HEALTH,
            norm=_BELOW_FULL_HEALTH,
        ),
        Scored(Score.SUMMARY_SCORE, "summary score (QLQ-C30)", summarised, Span(levels=100)),
        *scales,
    )
    return tuple(sorted(found, key=lambda each: list(Score).index(each.score)))


_BELOW_FULL_HEALTH = Span(levels=FULL_HEALTH, start=1, end=0, decimals=3)
"""The index is told, what is lost from full health is added up: from 0 up, as values have to be."""


def with_scores(fields: dict[str, Any]) -> dict[str, Any]:
    """A template's fields with the measures and the parts of every score, after its own."""
    every = scored()
    parts = {name: role for each in every for name, role in each.roles().items()}
    parts[RESPONDED] = {"outcome": "answered_the_survey", "fields": _ANSWERED}
    measures = [measure for each in every for measure in each.measures()]
    return {
        **fields,
        "measures": [*fields["measures"], *measures],
        "roles": {**fields["roles"], "parts": parts},
    }
