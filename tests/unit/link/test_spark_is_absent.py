"""Without pyspark a linkage on Spark is refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link.on_spark import OnSpark
from linkage_engine.link.profiles import MODELS
from linkage_engine.link.spark_session import SparkPlace, spark_session


def test_without_pyspark_the_refusal_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(CannotLink) as refused, spark_session(SparkPlace("local[2]", tmp_path)):
        pass
    assert refused.value.code is RefusalCode.SPARK_ABSENT


def test_the_secret_of_a_cluster_is_not_printed(tmp_path: Path) -> None:
    assert "hidden" not in repr(SparkPlace("spark://master:7077", tmp_path, secret="hidden"))


def test_every_condition_of_every_model_is_said_in_words_of_spark() -> None:
    engine = OnSpark(session=None)
    for model in MODELS.values():
        for comparison in model.comparisons:
            for sql in (comparison.null_sql, *(level.sql for level in comparison.levels)):
                assert "list_" not in engine.spoken(sql)
