"""A quarterly resubmission of three providers, linked as what is new and in full: F1, ids, seconds."""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from linkage_engine.linkage_runs.run import Finished, LinkageRun
from linkage_engine.vault.compute import locked_duckdb
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.benchmarks.measure import Budget, Figures, main
from tests.linkage.resubmissions.quarters import HELD, Quarter, f1, quarters

PEOPLE = 10_000
SEEDS = (1, 2, 3)
PROJECT = "resubmissions"
BUDGETS = (Budget("worst_f1_behind_full", 0.001, at_least=False),)


def figures(scale: float) -> Figures:
    """For each seed both ways; behind is how much less F1 the resubmission has than the full run."""
    runs = [_both_ways(max(1000, round(PEOPLE * scale)), seed) for seed in SEEDS]
    return {"worst_f1_behind_full": max(run["f1_behind_full"] for run in runs), "runs": runs}


def _both_ways(people: int, seed: int) -> dict[str, float]:
    first, second = quarters(people, seed=seed, providers=tuple(HELD))
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "again", Keystore(secrets.token_bytes(32)))
        before, full_seconds = _run(vault, first, "first")
        after, seconds = _run(vault, second, "second")
        anew = Vault(Path(folder) / "anew", Keystore(secrets.token_bytes(32)))
        full, _ = _run(anew, second, "second")
    result = {"seed": seed, "records": after.spine.num_rows, "full_seconds": full_seconds, "seconds": seconds}
    for column in ("link_id_strict", "link_id", "link_id_lenient"):
        result[f"f1_{column}"] = f1(after.spine, second.truth, column)
        result[f"f1_{column}_full"] = f1(full.spine, second.truth, column)
    result["f1_behind_full"] = result["f1_link_id_full"] - result["f1_link_id"]
    result["ids_kept"] = _kept(before.spine, after.spine)
    return result


def _run(vault: Vault, quarter: Quarter, name: str) -> tuple[Finished, float]:
    for provider, part in quarter.parts.items():
        vault.write(PROJECT, f"identifiers/{provider}/{name}", part)
    run = LinkageRun(vault, PROJECT, name, dict.fromkeys(quarter.parts, name))
    started = time.perf_counter()
    done = run.finished(lambda: locked_duckdb(memory_limit="4GB", threads=2), secrets.token_bytes)
    return done, time.perf_counter() - started


def _kept(before: pa.Table, after: pa.Table) -> float:
    """Of records in both quarters the share that has the same link id."""
    was, now = (
        dict(zip(table["person_key"].to_pylist(), table["link_id"].to_pylist(), strict=True))
        for table in (before, after)
    )
    both = was.keys() & now.keys()
    same: int = sum(was[key] == now[key] for key in both)
    return same / len(both)


if __name__ == "__main__":
    main(figures, *BUDGETS)
