"""What the permit and who asked say of a linkage run."""

from __future__ import annotations

from dataclasses import dataclass

from linkage_engine.contract.permit import LinkageEngine
from linkage_engine.contract.permit_parts import MatchRate
from linkage_engine.contract.statements import AS_PERMITTED, Tightened


@dataclass(frozen=True, slots=True)
class RunTerms:
    """What the permit and who asked say of a linkage run."""

    repeating: frozenset[str] = frozenset()
    """Providers that may have a person twice."""
    in_full: bool = False
    """All models are trained and all pairs weighed anew, whatever was kept; link ids stay."""
    engine: LinkageEngine = LinkageEngine.DUCKDB
    tightened: Tightened = AS_PERMITTED
    """What providers asked for beyond the permit's policy."""
    match_rates: tuple[MatchRate, ...] = ()
    """How many records governance expects to be linked."""


NOTHING_SAID = RunTerms()
