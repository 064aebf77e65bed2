"""Two providers linked: as they were found before, by what is new alone, or in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.disclosure.linkage import ExactLinkage
from linkage_engine.disclosure.linkage_quality import ExactQuality
from linkage_engine.link.assignment import one_to_one
from linkage_engine.link.engine import Database
from linkage_engine.link.kept import candidates_of, without_gone
from linkage_engine.link.linking import LinkResult, LinkSettings, link_pair
from linkage_engine.link.profiles import MODELS
from linkage_engine.link.quality import PairQuality
from linkage_engine.link.rescoring import Earlier, relink_pair
from linkage_engine.linkage_runs.kept_pairs import KeptPair, KeptPairs
from linkage_engine.spine.resubmission import RecordSet, fresh_records, is_full_run_due

SEED = 1
"""Of the sampling in a linkage run: the same records give the same links."""
Compute = Callable[[], Database]
"""What compares, opened when it is first needed."""


@dataclass(frozen=True, slots=True)
class Work:
    """What all pairs of a run are linked with."""

    profile: LinkageProfile
    compute: Compute


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Side:
    """One provider's records in a run."""

    provider: str
    identifiers: pa.Table
    records: RecordSet


def linked(kept: KeptPairs, a: Side, b: Side, work: Work) -> KeptPair:
    """All pairs of two providers down to the lenient threshold, found and kept; raises CannotLink.

    1. Of the very same records nothing is done again.
    2. After a resubmission only new and changed records are weighed, with the model that was kept, and the
       thresholds are chosen anew from all pairs, unless a full run is due.
    3. Where records are only gone the thresholds stand too, so that a withdrawal changes nobody else.
    4. Else a model is trained, and kept before anything is scored.
    """
    before = kept.pair(a.provider, b.provider)
    if before is not None and before.sets == _sets(a, b):
        return before
    found = None if before is None else _resubmitted(kept, before, a, b, work)
    if found is None:
        found = _in_full(kept, a, b, work)
    kept.keep_pair(a.provider, b.provider, found)
    return found


def _sets(a: Side, b: Side) -> tuple[str, str]:
    return a.records.name, b.records.name


def _in_full(kept: KeptPairs, a: Side, b: Side, work: Work) -> KeptPair:
    names, sets = (a.provider, b.provider), _sets(a, b)
    result = link_pair(
        work.compute(),
        a.identifiers,
        b.identifiers,
        settings=LinkSettings(work.profile, SEED),
        model=kept.model(*names, sets),
        keep=lambda model: kept.keep_model(*names, sets, model),
    )
    return _to_keep(result, sets, resubmissions=0)


def _resubmitted(kept: KeptPairs, before: KeptPair, a: Side, b: Side, work: Work) -> KeptPair | None:
    """What was found before and is still so, with what is new; nothing where a full run is due."""
    earlier_a, earlier_b = (
        kept.record_set(side.provider, name) for side, name in zip((a, b), before.sets, strict=True)
    )
    if (
        earlier_a is None
        or earlier_b is None
        or not before.model.compares_as(MODELS[work.profile].comparisons)
    ):
        return None
    fresh_a, changes_a = fresh_records(earlier_a, a.records)
    fresh_b, changes_b = fresh_records(earlier_b, b.records)
    if is_full_run_due((changes_a, changes_b), resubmissions=before.resubmissions):
        return None
    if not len(fresh_a) + len(fresh_b):
        return _without_gone(before, a, b)
    result = relink_pair(
        work.compute(),
        a.identifiers,
        b.identifiers,
        settings=LinkSettings(work.profile, SEED),
        earlier=Earlier(before.model, before.compared, (fresh_a, fresh_b)),
    )
    return _to_keep(result, _sets(a, b), resubmissions=before.resubmissions + 1)


def _without_gone(before: KeptPair, a: Side, b: Side) -> KeptPair:
    """Records that are withdrawn or gone, and none new, change nothing for the others."""
    compared = without_gone(before.compared, a.records.person_keys, b.records.person_keys)
    candidates = candidates_of(compared)
    figures = replace(
        before.figures,
        records_a=len(a.records),
        records_b=len(b.records),
        links=_links(candidates, before.thresholds.primary),
        seconds={},
        quality=_after(before, candidates),
    )
    return replace(before, compared=compared, sets=_sets(a, b), figures=figures)


def _after(before: KeptPair, candidates: pa.Table) -> ExactQuality | None:
    """The estimates that were made with the records that are gone, and the links there are now."""
    if before.figures.quality is None:
        return None
    return replace(
        before.figures.quality,
        links_strict=_links(candidates, before.thresholds.strict),
        links_lenient=_links(candidates, before.thresholds.lenient),
    )


def _links(candidates: pa.Table, primary: float) -> int:
    """How many pairs a one-to-one assignment keeps at the primary threshold."""
    taken = candidates.filter(pc.greater_equal(candidates["match_weight"], primary))
    left, right = (
        taken[name].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
        for name in ("person_key_a", "person_key_b")
    )
    return len(one_to_one(left, right, taken["match_weight"].to_numpy()))


def _to_keep(result: LinkResult, sets: tuple[str, str], *, resubmissions: int) -> KeptPair:
    quality = _quality(result.quality, resubmissions)
    figures = ExactLinkage(**asdict(result.figures), quality=quality)
    return KeptPair(result.kept, sets, result.model, result.thresholds, figures, resubmissions)


def _quality(found: PairQuality, resubmissions: int) -> ExactQuality:
    flat = asdict(found)
    return ExactQuality(**flat.pop("levels"), **flat, resubmissions=resubmissions)
