"""What linking two providers found, kept in the vault: a later run, or a broken one, begins with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa

from linkage_engine.contract.thresholds import Thresholds
from linkage_engine.disclosure.linkage import ExactLinkage
from linkage_engine.link.kept import COLUMNS, candidates_of
from linkage_engine.link.model import PairModel
from linkage_engine.spine.resubmission import RecordSet, as_record_set
from linkage_engine.vault.parquet import Vault

PAIRS, MODELS, RECORD_SETS, ANEW = "pairs", "models", "record-sets", "anew"
ABOUT = b"kept"


@dataclass(frozen=True, slots=True, repr=False)
class KeptPair:
    """The pairs of two providers, between them and within each, and how they were found."""

    compared: pa.Table
    """As `link.kept.kept_table` makes it."""
    sets: tuple[str, str]
    """The names of the record sets that were linked."""
    model: PairModel
    thresholds: Thresholds
    figures: ExactLinkage
    resubmissions: int = 0
    """How many runs since the model was trained linked only what was new."""

    @property
    def candidates(self) -> pa.Table:
        """person_key_a, person_key_b, match_weight, down to the lenient threshold: not assigned yet."""
        return candidates_of(self.compared)


@dataclass(frozen=True, slots=True)
class KeptPairs:
    """The kept pairs of one project: written whole or not at all, encrypted like everything in the vault."""

    vault: Vault
    project_id: str

    def pair(self, a: str, b: str) -> KeptPair | None:
        """What was found of two providers last, or nothing; also where an earlier version kept it."""
        name = f"{PAIRS}/{a}/{b}"
        if not self.vault.exists(self.project_id, name):
            return None
        table = self.vault.read(self.project_id, name)
        if not set(table.column_names) >= COLUMNS:
            return None
        try:
            about = json.loads((table.schema.metadata or {})[ABOUT])
            return KeptPair(
                compared=table.replace_schema_metadata(None),
                sets=tuple(about["sets"]),
                model=PairModel.from_json(about["model"]),
                thresholds=Thresholds(**about["thresholds"]),
                figures=ExactLinkage.kept(about["figures"]),
                resubmissions=about["resubmissions"],
            )
        except (KeyError, TypeError, ValueError):
            return None

    def keep_pair(self, a: str, b: str, kept: KeptPair) -> None:
        """Keep what was found, instead of what was kept before; the model alone is needed no more."""
        about = {
            "sets": kept.sets,
            "model": kept.model.to_json().decode(),
            "thresholds": asdict(kept.thresholds),
            "figures": asdict(kept.figures),
            "resubmissions": kept.resubmissions,
        }
        table = kept.compared.replace_schema_metadata({ABOUT: json.dumps(about).encode()})
        self.vault.write(self.project_id, f"{PAIRS}/{a}/{b}", table, replace=True)
        self.vault.remove(self.project_id, f"{MODELS}/{a}/{b}")

    def model(self, a: str, b: str, sets: tuple[str, str]) -> PairModel | None:
        """The model that a run which was broken off had trained on these very records."""
        name = f"{MODELS}/{a}/{b}"
        if not self.vault.exists(self.project_id, name):
            return None
        about = self.vault.read(self.project_id, name).to_pylist()[0]
        try:
            return PairModel.from_json(about["model"]) if about["sets"] == list(sets) else None
        except ValueError:
            return None

    def keep_model(self, a: str, b: str, sets: tuple[str, str], model: PairModel) -> None:
        """Keep a model as soon as it is trained."""
        table = pa.table({"sets": [list(sets)], "model": [model.to_json()]})
        self.vault.write(self.project_id, f"{MODELS}/{a}/{b}", table, replace=True)

    def begin_anew(self, run_id: str) -> None:
        """Forget all pairs and models, once a run: broken off, it goes on from what it found itself."""
        begun = f"{ANEW}/{run_id}"
        if not self.vault.exists(self.project_id, begun):
            for folder in (PAIRS, MODELS):
                for name in self.vault.names(self.project_id, f"{folder}/"):
                    self.vault.remove(self.project_id, name)
            self.vault.write(self.project_id, begun, pa.table({"run_id": [run_id]}))

    def record_set(self, provider: str, name: str) -> RecordSet | None:
        """The set of that name, or nothing."""
        place = f"{RECORD_SETS}/{provider}/{name}"
        if not self.vault.exists(self.project_id, place):
            return None
        return as_record_set(self.vault.read(self.project_id, place))

    def keep_record_set(self, provider: str, records: RecordSet) -> None:
        """Keep a set under its name; keeping it again changes nothing."""
        place = f"{RECORD_SETS}/{provider}/{records.name}"
        if not self.vault.exists(self.project_id, place):
            self.vault.write(self.project_id, place, records.table)

    def forget_all_but(self, current: Iterable[tuple[str, str]], pairs: Iterable[tuple[str, str]]) -> None:
        """Remove every set, model and pair that is of no use to the next run.

        `current` are the sets, with their providers, and `pairs` the pairs of providers that were linked now.
        """
        useful = {f"{RECORD_SETS}/{provider}/{name}" for provider, name in current}
        useful |= {f"{PAIRS}/{a}/{b}" for a, b in pairs}
        for folder in (RECORD_SETS, PAIRS, MODELS, ANEW):
            for name in self.vault.names(self.project_id, f"{folder}/"):
                if name not in useful:
                    self.vault.remove(self.project_id, name)
