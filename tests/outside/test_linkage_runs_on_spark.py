"""Runs on Spark through the linkage door: broken off, resubmitted, withdrawn; and on a cluster of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from linkage_engine.boundary import LinkageDoor, Linked
from linkage_engine.contract.permit import LinkageEngine
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.run_terms import RunTerms
from linkage_engine.link.spark_session import SparkPlace
from tests.linkage.resubmissions.quarters import Quarter, clusters, quarters
from tests.linkage.resubmissions.test_resubmissions import (
    FIRST,
    LEVELS,
    POLICY,
    PRACTICES,
    PROJECT,
    SECOND,
    TRUST,
    a_door,
    kept,
    killed,
    receive,
    withdraw,
)
from tests.outside.standalone_spark import Cluster, a_cluster
from tests.unit.boundary.doors import refuses

pytestmark = [pytest.mark.outside(tool="spark"), pytest.mark.enable_socket, pytest.mark.deep]
DUCKDB, SPARK = LinkageEngine.DUCKDB, LinkageEngine.SPARK


@pytest.fixture(scope="module")
def sent() -> list[Quarter]:
    return quarters(700, seed=11, providers=(PRACTICES, TRUST))


def link(door: LinkageDoor, run: str, deliveries: dict[str, str], engine: LinkageEngine) -> Linked:
    return door.link(PROJECT, run * 16, deliveries, policy=POLICY, terms=RunTerms(engine=engine))


def assert_alike(one: Linked, other: Linked) -> None:
    """The same clusters at every level, and the same figures but for the time they took."""
    for level in LEVELS:
        assert clusters(one.crosswalk, level) == clusters(other.crosswalk, level)
    (first,), (second,) = one.figures.pairs.values(), other.figures.pairs.values()
    assert first.model_copy(update={"seconds": {}}) == second.model_copy(update={"seconds": {}})


def test_killed_resumed_resubmitted_and_withdrawn_it_is_as_on_duckdb(
    tmp_path: Path, sent: list[Quarter]
) -> None:
    on_spark = SparkPlace("local[2]", tmp_path)
    duck, spark = tmp_path / "duck", tmp_path / "spark"
    for folder in (duck, spark):
        receive(folder, sent[0], FIRST)
    with killed():  # two sets and the model are written, the pairs are not
        link(replace(a_door(spark, writes=3), spark=on_spark), "aa", FIRST, SPARK)
    assert f"models/{PRACTICES}/{TRUST}" in kept(spark)
    done = link(replace(a_door(spark), spark=on_spark), "aa", FIRST, SPARK)
    assert_alike(done, link(a_door(duck), "aa", FIRST, DUCKDB))
    for folder in (duck, spark):
        receive(folder, sent[1], SECOND)
    after = link(replace(a_door(spark), spark=on_spark), "bb", SECOND, SPARK)
    assert_alike(after, link(a_door(duck), "bb", SECOND, DUCKDB))
    gone = [row["person_key"] for row in after.crosswalk.to_pylist() if row["provider_id"] == TRUST][:20]
    ends = []
    for folder, engine in ((duck, DUCKDB), (spark, SPARK)):
        door = replace(a_door(folder), spark=on_spark)
        withdraw(door, TRUST, gone)
        ends.append(link(door, "cc", SECOND, engine))
    assert_alike(*ends)
    assert not set(gone) & set(ends[1].crosswalk["person_key"].to_pylist())


def test_a_standalone_cluster_is_refused_by_name_until_it_is_whole(
    tmp_path: Path, sent: list[Quarter]
) -> None:
    """Nobody at the address, a master without a worker, another secret; then the run is asked for again."""
    (tmp_path / "cluster").mkdir()
    vault = tmp_path / "vault"
    receive(vault, sent[0], FIRST)
    with a_cluster(tmp_path / "cluster") as cluster:
        refused(vault, at(cluster))
        cluster.begin_master()
        refused(vault, at(cluster))
        cluster.begin_worker()
        refused(vault, replace(at(cluster), secret="another"))
        done = link(replace(a_door(vault), spark=at(cluster)), "aa", FIRST, SPARK)
    receive(tmp_path / "duck", sent[0], FIRST)
    assert_alike(done, link(a_door(tmp_path / "duck"), "aa", FIRST, DUCKDB))


def at(cluster: Cluster) -> SparkPlace:
    return SparkPlace(cluster.master, cluster.folder, secret=cluster.secret, executor_memory="1g")


def refused(vault: Path, place: SparkPlace) -> None:
    with refuses(RefusalCode.SPARK_UNREACHABLE):
        link(replace(a_door(vault), spark=place), "aa", FIRST, SPARK)
    assert not any(name.startswith(("pairs", "spine")) for name in kept(vault))
