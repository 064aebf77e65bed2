"""Who is behind each cell that a running installation tells of, by the plain reference engine.

With the key file that it was given the harness opens the analysis vault; nothing else of the service,
and no code that decides, is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from linkage_engine.contract.query_spec import EmergencySpec, PrevalenceSpec, QuerySpec
from linkage_engine.linked_data import CROSSWALK, EXTRACT_DATE, PERSON_INDEX
from linkage_engine.query.around_diagnosis.reference import around_diagnosis_reference
from linkage_engine.query.around_diagnosis.statements import INPUTS
from linkage_engine.query.reference import reference_answer
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault

Labels = tuple[str, ...]
Rows = list[dict[str, Any]]
HOSPITAL = ("apc_spell", "ecds_attendance")


@dataclass(frozen=True)
class Behind:
    """Whom a cell is about, and who of them is counted where the question counts people with a cancer."""

    people: frozenset[int]
    counted: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Truth:
    """The linked records of a project: of each person's number the rows of every data set."""

    lives: Mapping[int, Mapping[str, Rows]]
    data_end: date
    """The earliest day on which hospital data were extracted; the last day there is where there are none."""

    @property
    def persons(self) -> int:
        """One more than the highest number."""
        return max(self.lives, default=-1) + 1

    def behind(self, question: QuerySpec) -> dict[Labels, Behind]:
        """Every cell of a question, one person at a time."""
        people: dict[Labels, set[int]] = defaultdict(set)
        counted: dict[Labels, set[int]] = defaultdict(set)
        for life in self.lives.values():
            for labels, (inside, has) in self._one(question, life).items():
                people[labels] |= inside
                counted[labels] |= has
        return {labels: Behind(frozenset(people[labels]), frozenset(counted[labels])) for labels in people}

    def _one(
        self, question: QuerySpec, life: Mapping[str, Rows]
    ) -> dict[Labels, tuple[frozenset[int], frozenset[int]]]:
        if isinstance(question, PrevalenceSpec):
            found = reference_answer(question, life)
            return {labels: (cell.denominator, cell.numerator) for labels, cell in found.items()}
        if not life["cancer_registration"]:
            return {}
        assert isinstance(question, EmergencySpec)  # no strategy asks how well records were linked
        cells, _ = around_diagnosis_reference(question, life, data_end=self.data_end)
        return {labels: (frozenset(cell.people), frozenset()) for labels, cell in cells.items()}


def read_truth(home: Path, project_id: str) -> Truth:
    """What the analysis worker of an installation knows of a project.

    Raises `EngineRefusal` where the vault does not open or nothing is linked there.
    """
    vault = Vault(home / "vault" / "analysis", Keystore.from_file(home / "keys" / "analysis" / "at-rest.key"))
    crosswalk = vault.read(project_id, CROSSWALK).to_pylist()
    linked = {row["link_id"] for row in crosswalk}
    rows: dict[str, dict[str, Rows]] = {link: {name: [] for name in INPUTS} for link in linked}
    for row in vault.read(project_id, PERSON_INDEX).to_pylist():
        if row["link_id"] in linked:
            rows[row["link_id"]][PERSON_INDEX].append(row)
    ends = [date.max]
    for name in vault.names(project_id, "payload/"):
        _, provider, delivery, data_set = name.split("/")
        links = {
            row["person_key"]: row["link_id"]
            for row in crosswalk
            if (row["provider_id"], row["delivery_id"]) == (provider, delivery)
        }
        kept = vault.read(project_id, name) if links and data_set in INPUTS else None
        for row in [] if kept is None else kept.to_pylist():
            if row["person_key"] in links:
                link = links[row["person_key"]]
                rows[link][data_set].append({**row, "link_id": link})
        if kept is not None and data_set in HOSPITAL:
            ends.append(date.fromisoformat((kept.schema.metadata or {})[EXTRACT_DATE].decode()))
    return Truth({life[PERSON_INDEX][0]["person"]: life for life in rows.values()}, min(ends))
