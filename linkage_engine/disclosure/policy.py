"""The policy: what may be shown, said as values, with a version and a digest."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Annotated, Literal, Self

import pydantic
from pydantic import Field, model_validator

from linkage_engine.contract.limits import Limits
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.value import ShortText, Slug, Value
from linkage_engine.disclosure.policy_parts import (
    CellKey,
    Counts,
    DifferentialPrivacy,
    GroupDisclosure,
    History,
    Magnitude,
    Models,
    Quantiles,
    ReleaseRule,
    Survival,
    Symbols,
    Threshold,
)

_FEWEST = (
    ("threshold", "persons"),
    ("history", "min_difference"),
    ("quantiles", "each_side_min"),
    ("models", "min_per_level"),
    ("survival", "at_risk_min"),
)
"""Where a policy says how few people may be told of."""


class Policy(Value):
    """One version of one profile; a key it does not know is refused, and so is a contradiction.

    What a text leaves out is as in `nhs-cancer-default`; the threshold and what is done to counts
    are never left out.
    """

    sdc_policy: Literal[1]
    profile: Slug
    version: Annotated[int, Field(ge=1)] = 1
    title: ShortText = "A policy of its own"
    unit: Literal["person", "provider"] = "person"
    threshold: Threshold
    counts: Counts
    cellkey: CellKey = CellKey()
    magnitude: Magnitude = Magnitude()
    group_disclosure: GroupDisclosure = GroupDisclosure()
    quantiles: Quantiles = Quantiles()
    models: Models = Models()
    survival: Survival = Survival()
    history: History = History()
    limits: Limits = Limits()
    dp: DifferentialPrivacy = DifferentialPrivacy()
    release: ReleaseRule = ReleaseRule()
    symbols: Symbols = Symbols()

    @model_validator(mode="after")
    def _noise_where_it_is_budgeted(self) -> Self:
        if self.dp.enabled != (self.counts.mechanism == "dp"):
            raise ValueError
        return self

    @model_validator(mode="after")
    def _noise_within_the_threshold(self) -> Self:
        """So that by cell keys no part is told as more than the whole."""
        reach, threshold = 2 * self.cellkey.max_deviation, self.threshold
        if self.counts.mechanism == "cellkey" and not (threshold.complement and reach <= threshold.persons):
            raise ValueError
        return self

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The policy of a JSON text; a text that is none is `NotTrusted(POLICY_INVALID)`."""
        try:
            return cls.model_validate_json(text)
        except pydantic.ValidationError as fault:
            raise NotTrusted(RefusalCode.POLICY_INVALID, faults=fault.error_count()) from None

    def at_least(self, persons: int) -> Self:
        """The same policy where fewer people than this are told of in nothing; it is never loosened by it."""
        said = self.model_dump(mode="json")
        for part, name in _FEWEST:
            said[part][name] = max(said[part][name], persons)
        return self.model_validate(said)

    @property
    def sha256(self) -> str:
        """SHA-256 of the policy as JSON with sorted keys and no spaces: the file's layout does not matter."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()
