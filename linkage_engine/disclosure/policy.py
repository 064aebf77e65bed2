"""The policy: what may be shown, said as values, with a version and a digest."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Annotated, Literal, Self

import pydantic
from pydantic import Field

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import APPROVALS_NEEDED
from linkage_engine.contract.value import ShortText, Slug, Value


class Zeros(Value):
    """What becomes of a count of nobody."""

    structural: Literal["show"]
    """Nobody can be in the cell: it is shown as not applicable."""
    sampling: Literal["show", "suppress"]
    """Nobody happens to be in the cell."""


class Threshold(Value):
    """The smallest number of persons that may be told apart."""

    persons: Annotated[int, Field(ge=5, le=1000)]
    complement: bool
    """Whether those not counted are protected as well: all but two says who the two are."""
    zero: Zeros


class Counts(Value):
    """How counts are blurred, each on its own: no margin is a sum of shown numbers."""

    mechanism: Literal["round"]
    method: Literal["midpoint6", "nearest5"]
    margins: Literal["independent"]


class Limits(Value):
    """How large a table may be."""

    dims: Annotated[int, Field(ge=0, le=6)]
    cells: Annotated[int, Field(ge=1, le=100_000)]


class ReleaseRule(Value):
    """Who must agree before a controlled table leaves."""

    checkers: Annotated[int, Field(ge=APPROVALS_NEEDED, le=APPROVALS_NEEDED)]
    """What the api and the gate hold to; a policy that asks for another number is refused, not ignored."""
    requester_cannot_check: Literal[True]


class Policy(Value):
    """One version of one profile; a key it does not know is refused."""

    sdc_policy: Literal[1]
    profile: Slug
    version: Annotated[int, Field(ge=1)]
    title: ShortText
    unit: Literal["person"]
    threshold: Threshold
    counts: Counts
    limits: Limits
    release: ReleaseRule

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The policy of a JSON text; a text that is none is `NotTrusted(POLICY_INVALID)`."""
        try:
            return cls.model_validate_json(text)
        except pydantic.ValidationError as fault:
            raise NotTrusted(RefusalCode.POLICY_INVALID, faults=fault.error_count()) from None

    @property
    def sha256(self) -> str:
        """SHA-256 of the policy as JSON with sorted keys and no spaces: the file's layout does not matter."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()
