"""Disclosure control policies that the service ships, as text: disclosure control itself reads no file."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files

from linkage_engine.contract.limits import Limits
from linkage_engine.contract.refusals import NotTrusted, RefusalCode

POLICIES = (
    "acro-default",
    "cell-key",
    "hes-2018",
    "nhs-cancer-default",
    "nhse-sde",
    "opensafely",
    "public-dashboard",
)
"""The profiles that a permit may name."""
TIGHTENED_BY: Mapping[str, frozenset[str]] = {
    "hes-2018": frozenset({"nhs-cancer-default", "nhse-sde", "opensafely"}),
    "nhse-sde": frozenset({"nhs-cancer-default"}),
    "opensafely": frozenset({"nhs-cancer-default"}),
}
"""For each profile the others that tell no more than it does, in any figure; of the rest none does."""


def is_no_looser(profile: str, than: str) -> bool:
    """Whether everything that one profile withholds is withheld by the other too."""
    return profile == than or profile in TIGHTENED_BY.get(than, frozenset())


def tightest(profiles: Collection[str]) -> tuple[str, ...]:
    """Those of the profiles that none of the others tightens, in order of name."""
    named = sorted(set(profiles))
    return tuple(each for each in named if not any(is_no_looser(by, each) for by in named if by != each))


def policy_text(profile: str) -> str:
    """The JSON text of a shipped profile; an unknown one is `NotTrusted(UNKNOWN_POLICY)`."""
    if profile not in POLICIES:
        raise NotTrusted(RefusalCode.UNKNOWN_POLICY)
    return (files("linkage_engine.catalogue") / "policies" / f"{profile}.json").read_text(encoding="utf-8")


@cache
def limits_of(profile: str) -> Limits:
    """How much a shipped profile lets be asked; an unknown one is `NotTrusted(UNKNOWN_POLICY)`."""
    return Limits.model_validate(json.loads(policy_text(profile)).get("limits", {}))
