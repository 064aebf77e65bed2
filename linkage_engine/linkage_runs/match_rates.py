"""Whether about as many records were linked as anybody would expect; if not, a run is held back.

A provider has the linkage secret, so it can make tokens of people it does not have, to find out who others
have. Such a delivery is linked to far more of another provider's records than the one before, or than
governance says there should be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import sqrt

from linkage_engine.contract.permit_parts import MatchRate
from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.disclosure.linkage import ExactLinkage

MOST_MOVED_PERCENT = 20
"""Points that a share of linked records may move between two runs. Quarterly resubmissions move it by few."""
STANDARD_ERRORS = 5
"""What chance alone may move, in standard errors: matters for small files."""
Directed = tuple[str, str]


def check_match_rates(
    pairs: Mapping[str, ExactLinkage], before: Mapping[str, ExactLinkage], expected: Collection[MatchRate]
) -> None:
    """Raise CannotLink(MATCH_RATE_UNEXPECTED) where far more or fewer are linked than is to be expected.

    The share of a provider's records that is linked with another's is held to what the permit says, both ends
    included; where that says nothing, to the run before. `pairs` and `before` by `provider:provider`.
    """
    said = {(rate.provider_id, rate.linked_to): rate for rate in expected}
    earlier = dict(_directed(before))
    for direction, (links, records) in _directed(pairs):
        percent = 100 * links / records if records else 0.0
        rate = said.get(direction)
        if rate is not None:
            unexpected = not rate.least_percent <= percent <= rate.most_percent
        else:
            unexpected = direction in earlier and _has_moved((links, records), earlier[direction])
        if unexpected:
            raise CannotLink(RefusalCode.MATCH_RATE_UNEXPECTED)


def _directed(pairs: Mapping[str, ExactLinkage]) -> Iterator[tuple[Directed, tuple[int, int]]]:
    """The links and records of each provider of each pair, as linked to the other."""
    for name, exact in pairs.items():
        a, b = name.split(":")
        yield (a, b), (exact.links, exact.records_a)
        yield (b, a), (exact.links, exact.records_b)


def _has_moved(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Whether two shares differ by more than resubmissions and chance explain."""
    if not now[1] or not before[1]:
        return False
    moved = abs(now[0] / now[1] - before[0] / before[1])
    both = (now[0] + before[0]) / (now[1] + before[1])
    by_chance = sqrt(both * (1 - both) * (1 / now[1] + 1 / before[1]))
    return moved > max(MOST_MOVED_PERCENT / 100, STANDARD_ERRORS * by_chance)
