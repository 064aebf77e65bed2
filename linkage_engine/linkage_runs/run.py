"""One run over a delivery of each provider: all pairs of providers, then the spine, written once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.contract.run_terms import NOTHING_SAID, RunTerms
from linkage_engine.disclosure.linkage import ExactLinkage, ExactSpine
from linkage_engine.link.encoding import one_profile
from linkage_engine.linkage_runs.kept_pairs import KeptPair, KeptPairs
from linkage_engine.linkage_runs.match_rates import check_match_rates
from linkage_engine.linkage_runs.pairs import Compute, Side, Work, linked
from linkage_engine.linkage_runs.withdrawn import without_withdrawn
from linkage_engine.spine.clusters import Level, LinkedPairs
from linkage_engine.spine.link_ids import empty_spine, repeated_persons
from linkage_engine.spine.records import SpineRecords, numbered_records
from linkage_engine.spine.resubmission import Difference, as_record_set, fresh_records, record_set
from linkage_engine.spine.spine import Spine, person_spine
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import destroyed_deliveries

SPINE, IDENTIFIERS, ABOUT = "spine", "identifiers", b"about"
Random = Callable[[int], bytes]
Pairs = dict[tuple[str, str], KeptPair]


def kept_spine(vault: Vault, project_id: str) -> tuple[pa.Table, dict[str, Any]]:
    """The spine as the last run left it, and what was said of it; by an earlier version nothing."""
    if not vault.exists(project_id, SPINE):
        return empty_spine(), {}
    table = vault.read(project_id, SPINE)
    about = json.loads((table.schema.metadata or {}).get(ABOUT, b"{}"))
    return table.replace_schema_metadata(None), about


@dataclass(frozen=True, slots=True, repr=False)
class Finished:
    """The spine after a run and the run's exact figures, which stay inside."""

    spine: pa.Table
    profile: LinkageProfile
    pairs: dict[str, ExactLinkage]
    changes: ExactSpine
    repeated: dict[str, int]
    """For each provider the persons of whom it has more than one record."""


@dataclass(frozen=True, slots=True)
class LinkageRun:
    """A run of a project, of a delivery of each provider."""

    vault: Vault
    project_id: str
    run_id: str
    deliveries: Mapping[str, str]
    terms: RunTerms = NOTHING_SAID

    def finished(self, compute: Compute, random: Random) -> Finished:
        """Link what is not linked yet, and write the spine; done again, it gives the same.

        Broken off anywhere, queries see what they saw before, and this run, or another one over the same
        records, goes on from the models and pairs that were kept. Afterwards only what the next run begins
        with is left. Raises CannotLink, and then the spine is the one before.
        """
        before, about = kept_spine(self.vault, self.project_id)
        if about.get("run_id") != self.run_id:
            self._write(before, about, compute, random)
            before, about = kept_spine(self.vault, self.project_id)
        self._forget(about)
        pairs = {name: ExactLinkage.kept(figures) for name, figures in about["pairs"].items()}
        changes = ExactSpine(**about["changes"])
        return Finished(before, LinkageProfile(about["profile"]), pairs, changes, repeated_persons(before))

    @property
    def _kept(self) -> KeptPairs:
        return KeptPairs(self.vault, self.project_id)

    def _write(self, before: pa.Table, about: dict[str, Any], compute: Compute, random: Random) -> None:
        if self.terms.in_full:
            self._kept.begin_anew(self.run_id)
        sides, withdrawn = self._sides()
        work = Work(one_profile(side.identifiers for side in sides), compute)
        for side in sides:
            self._kept.keep_record_set(side.provider, side.records)
        pairs = {
            (a.provider, b.provider): linked(self._kept, a, b, work)
            for a, b in combinations(sides, 2)
            if len(a.records) and len(b.records)
        }
        # Pairs are kept by now: let pass under another permit, the run only writes the spine.
        check_match_rates(
            {f"{a}:{b}": pair.figures for (a, b), pair in pairs.items()},
            {name: ExactLinkage.kept(figures) for name, figures in about.get("pairs", {}).items()},
            self.terms.match_rates,
        )
        records = numbered_records({side.provider: side.identifiers for side in sides})
        spine = person_spine(
            before, records, numbered_pairs(records, pairs), random, repeating=self.terms.repeating
        )
        said = {
            "run_id": self.run_id,
            "profile": work.profile,
            "deliveries": dict(self.deliveries),
            "replaced": self._still_there([*about.get("replaced", []), *about.get("deliveries", {}).items()]),
            "sets": {side.provider: side.records.name for side in sides},
            "pairs": {f"{a}:{b}": asdict(pair.figures) for (a, b), pair in pairs.items()},
            "changes": asdict(self._changes(spine, sides, about.get("sets", {}), withdrawn)),
        }
        table = spine.table.replace_schema_metadata({ABOUT: json.dumps(said).encode()})
        self.vault.write(self.project_id, SPINE, table, replace=True)

    def _sides(self) -> tuple[list[Side], int]:
        """Every provider's records but the withdrawn ones, and how many those are."""
        sides, withdrawn = [], 0
        if destroyed_deliveries(self.vault, self.project_id) & self.deliveries.items():
            raise CannotLink(RefusalCode.DELIVERY_WITHDRAWN)
        for provider, delivery in sorted(self.deliveries.items()):
            whole = self.vault.read(self.project_id, f"{IDENTIFIERS}/{provider}/{delivery}")
            if not whole.num_rows:
                raise CannotLink(RefusalCode.TOO_FEW_RECORDS, records=0)
            identifiers, left_out = without_withdrawn(self.vault, self.project_id, provider, whole)
            withdrawn += left_out
            sides.append(Side(provider, identifiers, record_set(identifiers)))
        return sides, withdrawn

    def _changes(
        self, spine: Spine, sides: list[Side], sets_before: Mapping[str, str], withdrawn: int
    ) -> ExactSpine:
        differences = [self._difference(side, sets_before.get(side.provider)) for side in sides]
        primary = spine.changes[Level.PRIMARY]
        return ExactSpine(
            records_new=sum(one.new for one in differences),
            records_changed=sum(one.changed for one in differences),
            records_gone=sum(one.gone for one in differences),
            records_withdrawn=withdrawn,
            persons_merged=primary.merged,
            persons_split=primary.split,
            persons_ended=primary.ended,
            kept_apart=spine.kept_apart,
            nhs_numbers_differ=spine.contradictions.nhs_numbers,
            dates_of_birth_differ=spine.contradictions.dates_of_birth,
        )

    def _difference(self, side: Side, set_before: str | None) -> Difference:
        earlier = None if set_before is None else self._kept.record_set(side.provider, set_before)
        if earlier is None:
            earlier = as_record_set(side.records.table.slice(0, 0))
        return fresh_records(earlier, side.records)[1]

    def _still_there(self, deliveries: list[list[str]]) -> list[list[str]]:
        """Deliveries whose tokens were not removed yet: a run that is killed at its end leaves some."""
        return [
            [provider, delivery]
            for provider, delivery in deliveries
            if self.vault.exists(self.project_id, f"{IDENTIFIERS}/{provider}/{delivery}")
        ]

    def _forget(self, about: dict[str, Any]) -> None:
        """Keep nothing but what the next run begins with: not the tokens of deliveries that were replaced."""
        pairs = [tuple(name.split(":")) for name in about["pairs"]]
        self._kept.forget_all_but(about["sets"].items(), pairs)
        current = about["deliveries"].items()
        for provider, delivery in map(tuple, about["replaced"]):
            if (provider, delivery) not in current:
                self.vault.remove(self.project_id, f"{IDENTIFIERS}/{provider}/{delivery}")


def numbered_pairs(records: SpineRecords, pairs: Pairs) -> LinkedPairs:
    """All pairs by record number, each with the first level that takes it."""
    left, right, weight, level = [], [], [], []
    for (a, b), pair in pairs.items():
        weights = pair.candidates["match_weight"].to_numpy()
        left.append(records.numbers(a, pair.candidates["person_key_a"]))
        right.append(records.numbers(b, pair.candidates["person_key_b"]))
        weight.append(weights)
        at = pair.thresholds
        level.append(
            np.select(
                [weights >= at.strict, weights >= at.primary], [Level.STRICT, Level.PRIMARY], Level.LENIENT
            )
        )
    ends = [np.concatenate([np.zeros(0, np.int64), *numbers]) for numbers in (left, right, level)]
    known = (ends[0] >= 0) & (ends[1] >= 0)
    weights = np.concatenate([np.zeros(0), *weight])
    return LinkedPairs(ends[0][known], ends[1][known], weights[known], ends[2][known].astype(np.int64))
