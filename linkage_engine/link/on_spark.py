"""Linkage on Spark, for projects whose pairs one machine does not compare in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from linkage_engine.link.engine import Columns

if TYPE_CHECKING:  # an extra, which most installations do without
    from pyspark.sql import SparkSession
    from splink.backends.spark import SparkAPI

WORDS = (
    ("list_has_any(", "arrays_overlap("),
    ("len(list_intersect(", "size(array_intersect("),
)
"""What Spark calls otherwise than DuckDB, of all that the model says."""


class OnSpark:
    """Executors join and compare pairs; candidates, training and the competition stay with the driver."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def splink(self) -> SparkAPI:
        """Splink in this session; what it keeps between steps is cached, never written as a file in clear."""
        from splink.backends.spark import SparkAPI  # noqa: PLC0415 - of the extra

        return SparkAPI(  # type: ignore[no-untyped-call]  # Splink's gap
            spark_session=self._session,
            break_lineage_method="persist",
            # Its Java functions are for text, of which tokens have none.
            register_udfs_automatically=False,
        )

    def spoken(self, sql: str) -> str:
        """With Spark's names of functions over lists."""
        for word, other in WORDS:
            sql = sql.replace(word, other)
        return sql

    def show(self, name: str, table: pa.Table) -> None:
        """The rows are sent to the executors when a query asks for them."""
        self._session.createDataFrame(table).createOrReplaceTempView(name)

    def columns(self, sql: str) -> Columns:
        """Collected to the driver by way of Arrow."""
        found = self._session.sql(self.spoken(sql)).toArrow()
        return {name: np.asarray(found[name].to_numpy()) for name in found.column_names}

    def forget(self, names: list[str]) -> None:
        """The executors drop every cached block."""
        for name in names:
            self._session.catalog.dropTempView(name)
        self._session.catalog.clearCache()
