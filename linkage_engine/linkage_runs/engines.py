"""Which engine compares the pairs of a run: the one that the permit names, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from linkage_engine.contract.permit import LinkageEngine
from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link.engine import Database
from linkage_engine.link.on_spark import OnSpark
from linkage_engine.link.spark_session import SparkPlace, spark_session
from linkage_engine.linkage_runs.pairs import Compute


@contextmanager
def computing(engine: LinkageEngine, duckdb: Compute, spark: SparkPlace | None) -> Iterator[Compute]:
    """What compares the pairs of one run; on Spark one session for all of them, which ends with the run.

    Nothing is opened for a run that has nothing to compare. Raises CannotLink(spark-not-set-up) where Spark
    is asked for and there is none, whatever the run has to do; later, `spark_session`'s refusals.
    """
    if engine is LinkageEngine.DUCKDB:
        yield duckdb
        return
    if spark is None:
        raise CannotLink(RefusalCode.SPARK_NOT_SET_UP)
    place = spark
    with ExitStack() as open_now:

        @cache
        def on_spark() -> Database:
            return OnSpark(open_now.enter_context(spark_session(place)))

        yield on_spark
