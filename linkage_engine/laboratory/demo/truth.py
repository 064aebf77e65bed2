"""Precision and recall of the demo's linkage against truth, which only the harness holds.

With the key file that it made itself the harness opens the analysis vault after the run,
and joins the providers' own lists of person keys. No route or command of the service
returns a row of the crosswalk.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

from linkage_engine.laboratory.scores import Scores, score_pairs
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault

Record = tuple[str, str]
"""A provider and its own person id."""


def linkage_scores(home: Path, project_id: str, person_keys: dict[str, Path], truth: Path) -> Scores:
    """How the links of a finished run compare with the people behind the records of its providers."""
    vault = Vault(home / "vault" / "analysis", Keystore.from_file(home / "keys" / "analysis" / "at-rest.key"))
    crosswalk = vault.read(project_id, "crosswalk", columns=["provider_id", "person_key", "link_id"])
    local = {
        (provider, row["person_key"]): row["local_person_id"]
        for provider, path in person_keys.items()
        for row in _rows(path)
    }
    found: dict[str, list[Record]] = defaultdict(list)
    for row in crosswalk.to_pylist():
        found[row["link_id"]].append((row["provider_id"], local[row["provider_id"], row["person_key"]]))
    true: dict[str, list[Record]] = defaultdict(list)
    for row in _rows(truth):
        if row["provider"] in person_keys:
            true[row["person"]].append((row["provider"], row["local_person_id"]))
    return score_pairs(_pairs(found), _pairs(true))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _pairs(groups: dict[str, list[Record]]) -> set[tuple[str, str]]:
    """Every pair of records of different providers that are said to be one person."""
    return {
        ("/".join(a), "/".join(b))
        for records in groups.values()
        for a, b in combinations(sorted(records), 2)
        if a[0] != b[0]
    }
