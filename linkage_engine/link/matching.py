"""Splink at arm's length: settings from the model, training of m, prediction of match weights."""

from __future__ import annotations

import logging  # noqa: TID251 - only to keep Splink's own loggers silent
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from numpy.typing import NDArray
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import SplinkException

from linkage_engine.contract.refusals import CannotLink, EngineRefusal, RefusalCode
from linkage_engine.link.model import TRAINING_RULES, Comparison, PairModel

MOST_TRAINING_PAIRS = 100_000
Model = tuple[Comparison, ...]
LinkType = Literal["link_only", "link_and_dedupe"]

LEAST_M = 1e-4
PRIOR_RECORDS = 100.0
"""What the documented default m weighs against the trained one, in records of the smaller file."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Scored pairs, of both files and within each: record numbers and match weights, in a fixed order."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class Files:
    """Two prepared files, and Splink's handles to them."""

    tables: list[Any]
    a: pa.Table
    b: pa.Table


@contextmanager
def quiet() -> Iterator[None]:
    """Splink neither logs nor warns, and what it or DuckDB raises becomes a refusal without its words."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except EngineRefusal:  # also the vault's, which keeps the model
        raise
    except Exception:  # noqa: BLE001 - a library's message may quote a record
        raise CannotLink(RefusalCode.LINKAGE_FAILED) from None
    finally:
        logger.setLevel(level)


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, a: pa.Table, b: pa.Table) -> Iterator[Files]:
    """Both files as Splink sees them; nothing stays in the database afterwards."""
    api = DuckDBAPI(connection=connection)
    try:
        tables = [
            api.register(table, table_name=f"linkage_{name}", dataset_display_name=name)
            for name, table in (("a", a), ("b", b))
        ]
        yield Files(tables, a, b)
    finally:
        api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]  # Splink's gap
        for name in ("linkage_a", "linkage_b"):
            connection.unregister(name)


def trained(
    files: Files, comparisons: Model, columns: tuple[str, ...] = TRAINING_RULES
) -> tuple[tuple[Comparison, ...], tuple[str, ...]]:
    """The comparisons with m learned by expectation maximisation, and the names of those untaught.

    One session for each column of TRAINING_RULES brings together the pairs that agree on it; Splink leaves
    the comparison of that column out. What several sessions learned is averaged by Splink (median), then
    drawn towards the documented default as strongly as the files are small. A column of which every pair is
    certainly a match (as in small, clean files) teaches nothing and breaks Splink, whose odds become
    infinite or whose m falls under the least it takes: training begins again without it, for the session
    leaves its settings half changed.
    """
    linker = _linker(files, "link_only", comparisons, max(files.a.num_rows, files.b.num_rows))
    for column in columns:
        # Splink's session without pairs would raise as well.
        if _agree_somewhere(files, column):
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(column), max_pairs=MOST_TRAINING_PAIRS
                )
            except (SplinkException, ValueError):
                return trained(files, comparisons, tuple(other for other in columns if other != column))
    model = linker.misc.save_model_to_json()
    learned = {c["output_column_name"]: _learned_m(c["comparison_levels"]) for c in model["comparisons"]}
    smaller = min(files.a.num_rows, files.b.num_rows)
    weight = smaller / (smaller + PRIOR_RECORDS)
    untrained = tuple(c.name for c in comparisons if _is_default(c, learned[c.name]))
    return tuple(_blended(c, learned[c.name], weight) for c in comparisons), untrained


def scored(files: Files, model: PairModel, link_type: LinkType = "link_and_dedupe") -> Edges:
    """Every blocked pair between the files, and mostly within, with its match weight (log2 of the odds)."""
    predicted = _linker(files, link_type, model.comparisons, model.records).inference.predict(
        warning_mode="never"
    )
    columns = predicted.as_duckdbpyrelation().select("unique_id_l, unique_id_r, match_weight").fetchnumpy()
    left, right = columns["unique_id_l"].astype(np.int64), columns["unique_id_r"].astype(np.int64)
    left, right = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((right, left))
    return Edges(left[order], right[order], columns["match_weight"].astype(np.float64)[order])


def _agree_somewhere(files: Files, column: str) -> bool:
    known = files.b[column].combine_chunks().drop_null()
    return bool(pc.any(pc.is_in(files.a[column].combine_chunks().drop_null(), value_set=known)).as_py())


def _linker(files: Files, link_type: LinkType, comparisons: Model, records: int) -> Linker:
    settings = _settings(link_type, comparisons, records)
    return Linker(files.tables, settings, log_level=None, validate_settings=False)


def _settings(link_type: LinkType, comparisons: Model, records: int) -> SettingsCreator:
    return SettingsCreator(
        link_type=link_type,
        comparisons=[_comparison(comparison) for comparison in comparisons],
        blocking_rules_to_generate_predictions=[block_on("z", arrays_to_explode=["z"])],
        # Half of the records have a match: a guess that moves all weights alike, and the threshold too.
        probability_two_random_records_match=0.5 / max(records, 2),
        retain_matching_columns=False,
    )


def _comparison(comparison: Comparison) -> cl.CustomComparison:
    null = cll.CustomLevel(comparison.null_sql, "null").configure(is_null_level=True)
    levels = [
        cll.CustomLevel(level.sql, level.label).configure(m_probability=level.m, u_probability=level.u)
        for level in comparison.levels
    ]
    return cl.CustomComparison([null, *levels], output_column_name=comparison.name)


def _learned_m(levels: list[dict[str, Any]]) -> list[float | None]:
    """The m of each level but the null one; nothing where Splink says that it never saw the level."""
    found = [level.get("m_probability") for level in levels if not level.get("is_null_level")]
    return [m if isinstance(m, float) else None for m in found]


def _is_default(comparison: Comparison, learned: list[float | None]) -> bool:
    return all(m is None or m == level.m for m, level in zip(learned, comparison.levels, strict=True))


def _blended(comparison: Comparison, learned: list[float | None], weight: float) -> Comparison:
    """Learned m and default m, mixed; a level that was never observed keeps its default."""
    pairs = list(zip(learned, comparison.levels, strict=True))
    mixed = np.array([level.m if m is None else weight * m + (1 - weight) * level.m for m, level in pairs])
    m = np.maximum(mixed, LEAST_M)
    levels = tuple(
        replace(level, m=float(p)) for level, p in zip(comparison.levels, m / m.sum(), strict=True)
    )
    return replace(comparison, levels=levels)
