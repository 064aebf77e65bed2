"""The engine that the permit names compares the pairs of a run, or nothing does."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

from linkage_engine.contract.permit import LinkageEngine
from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link.spark_session import SparkPlace
from linkage_engine.linkage_runs.engines import computing

PLACE = SparkPlace("local[2]", Path("/nowhere"))


def never() -> duckdb.DuckDBPyConnection:
    pytest.fail("DuckDB was asked in place of Spark")


def test_duckdb_is_what_was_given() -> None:
    connection = duckdb.connect()
    with computing(LinkageEngine.DUCKDB, lambda: connection, PLACE) as compute:
        assert compute() is connection


def test_without_a_cluster_spark_is_refused_before_anything_is_done() -> None:
    with pytest.raises(CannotLink) as refused, computing(LinkageEngine.SPARK, never, None):
        pytest.fail("something was done")
    assert refused.value.code is RefusalCode.SPARK_NOT_SET_UP


def test_spark_is_opened_when_it_is_needed_and_nothing_takes_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with computing(LinkageEngine.SPARK, never, PLACE) as compute:
        with pytest.raises(CannotLink) as refused:
            compute()
        assert refused.value.code is RefusalCode.SPARK_ABSENT
