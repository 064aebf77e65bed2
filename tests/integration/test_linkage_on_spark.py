"""A project whose permit asks for Spark: the linkage worker finds the same persons there."""

from __future__ import annotations

import copy

import pyarrow as pa
import pytest

from tests.integration.conftest import At
from tests.integration.refusing import put_permit
from tests.integration.test_linkage_runs_again import crosswalk, run_again
from tests.integration.workshop import Workshop

pytestmark = [pytest.mark.outside(tool="spark"), pytest.mark.enable_socket]
LEVELS = ("link_id_strict", "link_id", "link_id_lenient")
ON_SPARK = {"TRE_PROFILE": "cluster", "TRE_SPARK_MASTER": "local[2]"}


def persons(table: pa.Table, level: str) -> set[frozenset[str]]:
    """The clusters of a level, each as the person keys of its records."""
    groups: dict[str, set[str]] = {}
    for row in table.to_pylist():
        groups.setdefault(row[level], set()).add(row["person_key"])
    return {frozenset(group) for group in groups.values()}


def figures(shop: Workshop, run_id: str) -> dict[str, object]:
    """What a run told, but for how long it took."""
    told = copy.deepcopy(shop.run(run_id).figures)
    assert told is not None
    for pair in told["pairs"].values():
        del pair["seconds"]
    return told


def linked_on_spark(shop: Workshop, *, in_full: bool) -> str:
    put_permit(shop, shop.permit_text(engine="spark"))
    shop.told = ON_SPARK
    run_again(shop, in_full=in_full)
    (asked,) = [entry for entry in shop.entries() if entry.detail.get("engine") == "spark"]
    return asked.subject


def test_a_run_on_spark_finds_the_persons_of_one_on_duckdb_and_tells_the_same(at: At) -> None:
    shop = at("finished")
    before, told = crosswalk(shop), figures(shop, shop.ids["run"])
    run_id = linked_on_spark(shop, in_full=True)
    after = crosswalk(shop)
    assert [persons(after, level) for level in LEVELS] == [persons(before, level) for level in LEVELS]
    assert after["link_id"].to_pylist() == before["link_id"].to_pylist()
    assert figures(shop, run_id) == told | {"spine": figures(shop, run_id)["spine"]}
