"""Splink at arm's length: settings from the model, and what its comparisons find of every pair."""

from __future__ import annotations

import logging  # noqa: TID251 - only to keep Splink's own loggers silent
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from numpy.typing import NDArray
from splink import Linker, SettingsCreator, block_on
from splink.internals.comparison_level_creator import unsupplied_option

from linkage_engine.contract.refusals import CannotLink, EngineRefusal, RefusalCode
from linkage_engine.link.engine import Database, Engine, engine_of
from linkage_engine.link.model import Comparison

Model = tuple[Comparison, ...]

APART = 1e-6
"""Bits by which the weights of two levels differ at least."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Scored pairs, of both files and within each: record numbers and match weights, in a fixed order."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: NDArray[np.float64]


Levels = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs in the order of their record numbers, and the level of each comparison (-1 for none).

    `rest` are the bits that depend on no m: the odds before looking, and the rarity of values.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    levels: Mapping[str, Levels]
    rest: NDArray[np.float64]

    @classmethod
    def together(cls, parts: Sequence[Compared], comparisons: Model) -> Compared:
        """The pairs of some parts, one after the other, all of the same comparisons."""
        return cls(
            np.concatenate([np.zeros(0, np.int64), *(part.left for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.right for part in parts)]),
            {
                c.name: np.concatenate([np.zeros(0, np.int8), *(part.levels[c.name] for part in parts)])
                for c in comparisons
            },
            np.concatenate([np.zeros(0), *(part.rest for part in parts)]),
        )

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> Compared:
        """Some of the pairs, in the order of their places."""
        levels = {name: level[places] for name, level in self.levels.items()}
        return Compared(self.left[places], self.right[places], levels, self.rest[places])

    def ordered(self) -> Compared:
        """The same pairs in the order of their record numbers."""
        return self.at(np.argsort(self.left << 32 | self.right))

    def weighed(self, comparisons: Model) -> Edges:
        """The pairs with the match weights that a model gives them."""
        return Edges(self.left, self.right, self.rest + level_weights(comparisons, self.levels))


@dataclass(frozen=True, slots=True, repr=False)
class Files:
    """Two prepared files as one table, and Splink's handle to it."""

    engine: Engine
    api: Any
    table: Any
    whole: pa.Table
    """All records of both files, of which the table may be a part: in them common values are counted."""
    names: list[str]
    """Of all tables that the engine was shown."""


@contextmanager
def quiet() -> Iterator[None]:
    """Splink neither logs nor warns, and what it or the engine raises becomes a refusal without its words."""
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
def registered(database: Database, paired: pa.Table, *, whole: pa.Table) -> Iterator[Files]:
    """Both files as Splink sees them; nothing stays in the database afterwards."""
    engine, names = engine_of(database), ["linkage_records"]
    api = engine.splink()
    try:
        yield Files(engine, api, api.register(paired, table_name=names[0]), whole, names)
    finally:
        api.delete_tables_created_by_splink_from_db()
        engine.forget(names)


def compared(files: Files, comparisons: Model, *, records: int) -> Compared:
    """Every blocked pair between and within the files, and what each comparison finds.

    `records`, of the larger file, tell the odds of any two records before anything is compared.
    """
    comparisons = tuple(told_apart(c) for c in comparisons)
    linker = _linker(files, comparisons, records)
    _know_frequencies(linker, files, comparisons)
    table = linker.inference.predict(warning_mode="never").physical_name
    said = ", ".join(f"mw_{c.name}" for c in comparisons)
    # Splink's own table; the other names are the model's.
    sql = f"SELECT unique_id_l, unique_id_r, match_weight, {said} FROM {table}"  # noqa: S608
    columns = files.engine.columns(sql)
    left, right = columns["unique_id_l"].astype(np.int64), columns["unique_id_r"].astype(np.int64)
    left, right = np.minimum(left, right), np.maximum(left, right)
    levels = {c.name: _levels_of(c, columns.pop(f"mw_{c.name}")) for c in comparisons}
    rest = columns["match_weight"].astype(np.float64) - level_weights(comparisons, levels)
    return Compared(left, right, levels, rest).ordered()


def _levels_of(comparison: Comparison, says: NDArray[np.float64]) -> Levels:
    """The level of each pair, known by its weight: Splink tells no more without keeping every token."""
    known = np.array([0.0, *(np.log2(level.m / level.u) for level in comparison.levels)])
    in_order = np.argsort(known)
    between = (known[in_order][1:] + known[in_order][:-1]) / 2
    return (in_order[np.searchsorted(between, says)] - 1).astype(np.int8)


def told_apart(comparison: Comparison) -> Comparison:
    """The comparison with no two levels of one weight, nor one of none: m is moved by millionths."""
    taken, levels = [0.0], []
    for level in comparison.levels:
        m = level.m
        while min(abs(np.log2(m / level.u) - weight) for weight in taken) < APART:
            m *= 1 + APART
        taken.append(float(np.log2(m / level.u)))
        levels.append(replace(level, m=m))
    return replace(comparison, levels=tuple(levels))


def level_weights(comparisons: Model, levels: Mapping[str, Levels]) -> NDArray[np.float64]:
    """The sum of what each pair's levels say, in bits."""
    total = np.zeros(len(next(iter(levels.values()))))
    for comparison in comparisons:
        says = [float(np.log2(level.m / level.u)) for level in comparison.levels]
        total += np.array([*says, 0.0])[levels[comparison.name]]
    return total


def prior_bits(records: int) -> float:
    """The odds of any two records: a guess, half of so many have a match, that moves all weights alike."""
    return float(np.log2(0.5 / max(records, 2)))


def _know_frequencies(linker: Linker, files: Files, comparisons: Model) -> None:
    """How common values are among strangers, of both files together.

    The two records of a pair say nothing of how many others have the value, and where nobody else has it in
    a small file it may still be common: so two occurrences are left out, and what chance agreement tells of
    the whole column weighs as much as the records do.
    """
    for column in {level.rarity for c in comparisons for level in c.levels if level.rarity}:
        known = files.whole[column].drop_null().value_counts()
        counts = known.field("counts").to_numpy().astype(np.float64)
        records = max(counts.sum(), 2.0)
        usual = max(float((counts * (counts - 1)).sum()) / (records * (records - 1)), 1 / records**2)
        among_strangers = (np.maximum(counts - 2, 0) + records * usual) / (2 * records)
        table = pa.table({column: known.field("values"), f"tf_{column}": among_strangers})
        name = f"frequencies_of_{column}"
        files.names.append(name)
        frame = files.api.register(table, table_name=name)
        linker.table_management.register_term_frequency_lookup(frame, column)


def _linker(files: Files, comparisons: Model, records: int) -> Linker:
    settings = _settings(comparisons, prior_bits(records), files.engine.spoken)
    return Linker(files.table, settings, log_level=None, validate_settings=False)


def _settings(comparisons: Model, bits: float, spoken: Callable[[str], str]) -> SettingsCreator:
    return SettingsCreator(
        # Pairs between the files and within them, told apart by their record numbers.
        link_type="dedupe_only",
        comparisons=[_comparison(comparison, spoken) for comparison in comparisons],
        blocking_rules_to_generate_predictions=[block_on("z", arrays_to_explode=["z"])],
        probability_two_random_records_match=2**bits / (1 + 2**bits),
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
    )


def _comparison(comparison: Comparison, spoken: Callable[[str], str]) -> cl.CustomComparison:
    null = cll.CustomLevel(spoken(comparison.null_sql), "null").configure(is_null_level=True)
    levels = [
        cll.CustomLevel(spoken(level.sql), level.label).configure(
            m_probability=level.m,
            u_probability=level.u,
            tf_adjustment_column=level.rarity or unsupplied_option,
        )
        for level in comparison.levels
    ]
    return cl.CustomComparison([null, *levels], output_column_name=comparison.name)
