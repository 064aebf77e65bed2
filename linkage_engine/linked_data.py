"""What analysis keeps of a project, as questions read it: data sets by link id, and how they were linked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.contract.destruction import DestroyedKey
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.contract.reports import HIDDEN, LinkageOfDataSets, LinkedProviders, RunFigures
from linkage_engine.contract.specification import Linkage
from linkage_engine.linkage_runs.crosswalk import FIGURES, RUN_ID
from linkage_engine.linkage_runs.withdrawn import still_linked
from linkage_engine.spine.clusters import Level
from linkage_engine.spine.link_ids import LINK_IDS
from linkage_engine.spine.person_numbers import NOBODY, numbered
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import Order, shred

CROSSWALK, PERSON_INDEX = "crosswalk", "person_index"
LEVELS: Mapping[Linkage, Level] = {
    "strict": Level.STRICT,
    "primary": Level.PRIMARY,
    "lenient": Level.LENIENT,
}
"""Whom a question takes for one person."""
NUMBERS: Mapping[Level, str] = {
    Level.STRICT: f"{PERSON_INDEX}_strict",
    Level.PRIMARY: PERSON_INDEX,
    Level.LENIENT: f"{PERSON_INDEX}_lenient",
}
"""Where the numbers of each level's persons are kept."""
EXTRACT_DATE = b"extract_date"
Random = Callable[[int], bytes]


def payload_object(provider_id: str, delivery_id: str, name: str) -> str:
    """Where a data set of a delivery is kept."""
    return f"payload/{provider_id}/{delivery_id}/{name}"


def number_persons(vault: Vault, project_id: str, crosswalk: pa.Table, random: Random) -> None:
    """Keep the numbers of everybody in a crosswalk, on each level; those known before keep theirs."""
    known = {
        level: vault.read(project_id, kept) if vault.exists(project_id, kept) else NOBODY
        for level, kept in NUMBERS.items()
    }
    for level, numbers in numbered(known, crosswalk, random).items():
        vault.write(project_id, NUMBERS[level], numbers, replace=True)


def shred_payload(vault: Vault, order: Order) -> tuple[DestroyedKey, ...]:
    """Destroy the keys of a delivery's events, and write the crosswalk without its records.

    Person numbers stay: a random number for a random link id, so that no number is given twice.
    """
    project, rewritten = order.project_id, {}
    if vault.exists(project, CROSSWALK):
        known = vault.read(project, CROSSWALK)
        without = without_deliveries(known, {(order.provider_id, order.delivery_id)})
        rewritten = {CROSSWALK: without} if len(without) < len(known) else {}
    removed = vault.names(project, payload_object(order.provider_id, order.delivery_id, ""))
    return shred(vault, order, removed=removed, rewritten=rewritten)


def without_deliveries(crosswalk: pa.Table, gone: Collection[tuple[str, str]]) -> pa.Table:
    """The records of a crosswalk that came with other deliveries than these, by provider and delivery."""
    for provider, delivery in sorted(gone):
        its = pc.and_(
            pc.equal(crosswalk["provider_id"], provider), pc.equal(crosswalk["delivery_id"], delivery)
        )
        crosswalk = crosswalk.filter(pc.invert(its))
    return crosswalk


@dataclass(frozen=True, slots=True, repr=False)
class LinkedData:
    """The data sets of the deliveries that the latest crosswalk names."""

    vault: Vault
    project_id: str
    crosswalk: pa.Table
    """Without those who were withdrawn since."""
    withdrawn: str
    """A digest of who they are."""
    level: Level = Level.PRIMARY
    """Whose link ids the crosswalk has for its own."""

    @classmethod
    def of(cls, vault: Vault, project_id: str, linkage: Linkage = "primary") -> LinkedData:
        """A project's data; QueryRefused(NO_LINKED_DATA) before its first crosswalk.

        The same where persons of the level were not numbered yet: what was linked before it could be asked.
        """
        level = LEVELS[linkage]
        if not vault.exists(project_id, CROSSWALK) or not vault.exists(project_id, NUMBERS[level]):
            raise QueryRefused(RefusalCode.NO_LINKED_DATA)
        crosswalk, withdrawn = still_linked(vault, project_id, vault.read(project_id, CROSSWALK))
        if level is not Level.PRIMARY:
            own = crosswalk.column_names.index(LINK_IDS[Level.PRIMARY])
            crosswalk = crosswalk.set_column(own, LINK_IDS[Level.PRIMARY], crosswalk[LINK_IDS[level]])
        return cls(vault, project_id, crosswalk, withdrawn, level)

    @property
    def deliveries(self) -> list[tuple[str, str]]:
        """Which delivery of which provider was linked, in order."""
        names = ["provider_id", "delivery_id"]
        found = self.crosswalk.group_by(names).aggregate([])
        return sorted(zip(*(found[name].to_pylist() for name in names), strict=True))

    @property
    def version(self) -> str:
        """A digest of which deliveries a run linked and who was withdrawn since: same data, same version."""
        run = (self.crosswalk.schema.metadata or {})[RUN_ID].decode()
        return hashlib.sha256(json.dumps([run, self.deliveries, self.withdrawn]).encode()).hexdigest()

    @property
    def roll(self) -> pa.Table:
        """The numbers of everybody whom the crosswalk names."""
        index = self.vault.read(self.project_id, NUMBERS[self.level])
        return index.filter(pc.is_in(index["link_id"], value_set=self.crosswalk["link_id"].unique()))

    def rows(self, name: str, schema: pa.Schema, *, blank: Collection[str] = ()) -> pa.Table:
        """A data set of every delivery, each row with columns of the crosswalk and its own.

        Columns that are `blank` are not read, and null in every row.
        QueryRefused(NO_LINKED_DATA) where a delivery was kept before the data set had a column that is read.
        """
        whose = [column for column in schema.names if column in self.crosswalk.column_names]
        wanted = [column for column in schema.names if column not in whose and column not in blank]
        keyed = ["person_key", *(column for column in whose if column != "person_key")]
        parts = [schema.empty_table()]
        for provider, kept in self._kept(name):
            own = self.crosswalk.filter(pc.equal(self.crosswalk["provider_id"], provider))
            rows = self.vault.read(self.project_id, kept, columns=["person_key", *wanted])
            if not set(wanted) <= set(rows.column_names):  # kept before the data set had it: to be sent again
                raise QueryRefused(RefusalCode.NO_LINKED_DATA)
            joined = rows.join(own.select(keyed), "person_key", join_type="inner")
            for field in schema:
                if field.name in blank:
                    joined = joined.append_column(field, pa.nulls(joined.num_rows, field.type))
            parts.append(joined.select(schema.names).cast(schema))
        return pa.concat_tables(parts)

    def extract_dates(self, name: str) -> Iterator[date]:
        """The days on which the deliveries of a data set were extracted."""
        for _, kept in self._kept(name):
            metadata = self.vault.read(self.project_id, kept, columns=[]).schema.metadata or {}
            if EXTRACT_DATE not in metadata:  # kept before deliveries said so: to be sent again
                raise QueryRefused(RefusalCode.NO_LINKED_DATA)
            yield date.fromisoformat(metadata[EXTRACT_DATE].decode())

    def ends(self, names: Collection[str]) -> date | None:
        """The earliest extract date of some data sets; nothing when one of them is missing."""
        extracted = [min(self.extract_dates(name), default=None) for name in names]
        known = [day for day in extracted if day is not None]
        return min(known) if known and len(known) == len(extracted) else None

    def linkage(self, data_set: str, linked_to: str) -> LinkageOfDataSets | None:
        """What the run told of the providers of two data sets; nothing where it told analysis nothing."""
        said = (self.crosswalk.schema.metadata or {}).get(FIGURES)
        if said is None:
            return None
        run = RunFigures.model_validate_json(said)
        first, second = (tuple(one for one, _ in self._kept(name)) for name in (data_set, linked_to))
        pairs = dict.fromkeys(tuple(sorted((a, b))) for a in first for b in second if a != b)
        return LinkageOfDataSets(
            data_set_from=first,
            linked_to_from=second,
            policy=run.policy,
            linkage_profile=run.linkage_profile,
            effective_threshold=run.effective_threshold,
            rounding=run.rounding,
            providers=tuple(
                LinkedProviders(
                    first=a,
                    second=b,
                    repeated_first=run.repeated.get(a, HIDDEN),
                    repeated_second=run.repeated.get(b, HIDDEN),
                    figures=run.pairs[f"{a}:{b}"],
                )
                for a, b in pairs
                if f"{a}:{b}" in run.pairs
            ),
        )

    def _kept(self, name: str) -> Iterator[tuple[str, str]]:
        """The providers of a data set, each with where its rows are."""
        for provider, delivery in self.deliveries:
            kept = payload_object(provider, delivery, name)
            if self.vault.exists(self.project_id, kept):
                yield provider, kept
