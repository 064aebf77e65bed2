"""Linkage on Spark finds what it finds on DuckDB, and says what is wrong where Spark is not to be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.linkage import tokens_of
from linkage_engine.link.engine import Database, Engine
from linkage_engine.link.linking import LinkResult, LinkSettings, link_pair
from linkage_engine.link.on_spark import OnSpark
from linkage_engine.link.rescoring import Earlier, relink_pair
from linkage_engine.link.spark_session import CLOSED, SparkPlace, spark_session
from linkage_engine.vault.compute import locked_duckdb
from tests.benchmarks.linkage.one import Case, files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.outside(tool="spark"), pytest.mark.enable_socket]
Parts = tuple[pa.Table, pa.Table]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with spark_session(SparkPlace("local[2]", tmp_path_factory.mktemp("spark"))) as opened:
        yield opened


@pytest.fixture
def spark(session: SparkSession) -> Engine:
    return OnSpark(session)


@pytest.fixture
def duck() -> duckdb.DuckDBPyConnection:
    return locked_duckdb(memory_limit="4GB", threads=2)


def parts_of(case: Case) -> Parts:
    a, b = files(case)
    return tokens_of(a.identifiers, b.identifiers, LinkageProfile(case.profile))


def linked(database: Database, parts: Parts, profile: LinkageProfile) -> LinkResult:
    return link_pair(database, *parts, settings=LinkSettings(profile, seed=1))


def persons(found: pa.Table) -> set[tuple[str, str]]:
    return set(zip(found["person_key_a"].to_pylist(), found["person_key_b"].to_pylist(), strict=True))


def assert_same(one: LinkResult, other: LinkResult) -> None:
    assert persons(one.pairs) == persons(other.pairs)
    assert persons(one.candidates) == persons(other.candidates)
    assert one.figures.candidate_pairs == other.figures.candidate_pairs
    assert one.figures.decoys == other.figures.decoys
    assert one.thresholds.primary == pytest.approx(other.thresholds.primary, abs=1e-6)
    assert one.quality.unlinkable_a == other.quality.unlinkable_a


@pytest.mark.parametrize("profile", ["tokens", pytest.param("bloom", marks=pytest.mark.deep)])
def test_a_small_england_is_linked_alike(
    spark: Engine, duck: duckdb.DuckDBPyConnection, profile: str
) -> None:
    parts = parts_of(Case(profile=profile, size=400))
    one, other = (linked(database, parts, LinkageProfile(profile)) for database in (duck, spark))
    assert one.figures.links >= 195  # of 200 people that are in both files
    assert_same(one, other)


@pytest.mark.deep
def test_england_of_20_000_is_linked_alike(spark: Engine, duck: duckdb.DuckDBPyConnection) -> None:
    parts = parts_of(Case(size=20_000))
    assert_same(*(linked(database, parts, LinkageProfile.TOKENS) for database in (duck, spark)))


@pytest.mark.deep
def test_febrl_is_linked_alike(spark: Engine, duck: duckdb.DuckDBPyConnection, febrl: Path) -> None:
    if not febrl.is_dir():
        pytest.fail("FEBRL's people are missing: run `make outside`", pytrace=False)
    parts = parts_of(Case(layout="febrl4", size=0, dirt="", overlap=0.0))
    assert_same(*(linked(database, parts, LinkageProfile.TOKENS) for database in (duck, spark)))


def test_new_records_are_weighed_alike_and_nothing_stays(
    session: SparkSession, spark: Engine, duck: duckdb.DuckDBPyConnection
) -> None:
    parts, settings = parts_of(Case(size=300)), LinkSettings(LinkageProfile.TOKENS, seed=1)
    before = link_pair(duck, *parts, settings=settings)
    new_a, new_b = (part["person_key"].combine_chunks()[:50] for part in parts)
    earlier = Earlier(before.model, before.kept, (new_a, new_b))
    one, other = (
        relink_pair(database, *parts, settings=settings, earlier=earlier) for database in (duck, spark)
    )
    assert one.figures.links > 0
    assert_same(one, other)
    assert not {"linkage_a", "linkage_b"} & {table.name for table in session.catalog.listTables()}


def test_traffic_and_blocks_are_encrypted_and_nothing_is_shown(session: SparkSession) -> None:
    said = dict(session.sparkContext.getConf().getAll())
    assert said.items() >= CLOSED.items()
    assert session.sparkContext.uiWebUrl is None


@pytest.mark.parametrize(
    ("path", "master", "code"),
    [("/nowhere", "local[2]", "spark-absent"), (os.environ["PATH"], "nonsense", "spark-unreachable")],
)
def test_a_linkage_without_java_or_master_is_refused_by_name(
    tmp_path: Path, path: str, master: str, code: str
) -> None:
    done = evaluated(tmp_path, path, master)
    assert done.returncode == 1
    assert done.stderr.startswith(f"refused: {code} ")


@pytest.mark.deep
def test_a_master_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = evaluated(tmp_path, os.environ["PATH"], "spark://127.0.0.1:1")
    assert done.stderr.startswith("refused: spark-unreachable ")


def evaluated(folder: Path, path: str, master: str) -> subprocess.CompletedProcess[str]:
    """`tre-evaluate linkage` on three people; Java is looked for on the path given."""
    people, fields = folder / "people.csv", folder / "fields.json"
    people.write_text(
        "who,first,last,born\n1,Ann,Lee,1950-01-02\n2,Bob,Ray,1960-03-04\n3,Cy,Orr,1970-05-06\n"
    )
    fields.write_text(
        json.dumps({"given_name": "first", "family_name": "last", "date_of_birth": "born"}), encoding="utf-8"
    )
    return subprocess.run(
        [sys.executable, "-c", "from linkage_engine.laboratory.main import main; main()", "linkage",
         str(people), str(people), "--fields", str(fields), "--truth", "who", "--engine", "spark",
         "--spark-master", master],
        env={"PATH": path}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
