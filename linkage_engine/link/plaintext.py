"""Splink on plaintext identifiers: the yardstick for pseudonymised linkage, used by the laboratory alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.comparison_level_creator import unsupplied_option
from splink.internals.exceptions import SplinkException

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link.candidates import Candidates, numbered_lists
from linkage_engine.link.matching import Edges, prior_bits, quiet

MOST_TRAINING_PAIRS = 1e6
RANDOM_PAIRS = 5e5

# Columns made from a field: name, field, expression over it.
DERIVED = (
    ("birth_year", "date_of_birth", "substr(date_of_birth, 1, 4)"),
    ("birth_day", "date_of_birth", "substr(date_of_birth, 6, 5)"),
    ("sector", "postcode", "left(postcode, length(postcode) - 2)"),
    ("outward", "postcode", "split_part(postcode, ' ', 1)"),
    ("family_start", "family_name", "left(family_name, 3)"),
    ("given_start", "given_name", "left(given_name, 3)"),
)
NAMES = ("family_name", "given_name")
# Rules that bring pairs together to learn from; each field is left out of at least one.
TRAINING = (("date_of_birth",), ("postcode",), ("family_name", "given_name"))
CERTAIN = (("nhs_number",), ("family_name", "given_name", "date_of_birth"), ("date_of_birth", "postcode"))
CERTAIN_RECALL = 0.9
SHARED_PART = "list_has_any(string_split(family_name_l, ' '), string_split(family_name_r, ' '))"
SWAPPED = "family_name_l = given_name_r AND given_name_l = family_name_r"


def plaintext_edges(
    connection: duckdb.DuckDBPyConnection,
    a: pa.Table,
    b: pa.Table,
    *,
    pairs: Candidates,
    seed: int,
) -> tuple[Edges, dict[str, float]]:
    """Candidate pairs between and within two tables, weighed by one model, and the seconds of each step.

    Records are numbered by position, those of `b` after those of `a`, as `pairs` numbers them. Columns are
    fields of `contract.tokens.IDENTIFIER_FIELDS`, normalised text with nulls; those of one table alone are
    left out. Weights begin with the odds of `prior_bits`. Raises CannotLink(nothing-to-link) where names are
    missing.
    """
    fields = [name for name in a.column_names if name in b.column_names]
    available = {*fields, *(name for name, field, _ in DERIVED if field in fields)}
    if not available.issuperset(NAMES):
        raise CannotLink(RefusalCode.NOTHING_TO_LINK, fields=len(fields))
    started = time.perf_counter()
    numbers = numbered_lists(pairs, a.num_rows + b.num_rows)
    with quiet():
        api = DuckDBAPI(connection=connection)
        tables = [
            api.register(_with_derived(connection, name, table, first=first), dataset_display_name=name)
            for name, table, first in (
                ("a", a.select(fields).append_column("z", numbers[: a.num_rows]), 0),
                ("b", b.select(fields).append_column("z", numbers[a.num_rows :]), a.num_rows),
            )
        ]
        model = _trained(Linker(tables, _settings(available), log_level=None), available, seed=seed)
        trained = time.perf_counter()
        # Pairs within a file are the decoys: the same model, with term frequencies of both files together.
        model["link_type"] = "link_and_dedupe"
        predicted = Linker(tables, model, log_level=None).inference.predict()
        edges = _edges(predicted.as_duckdbpyrelation())
    share = model["probability_two_random_records_match"]
    bits = prior_bits(max(a.num_rows, b.num_rows)) - float(np.log2(share / (1 - share)))
    edges = Edges(edges.left, edges.right, edges.weight + bits)
    return edges, {"train": trained - started, "predict": time.perf_counter() - trained}


def _with_derived(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, *, first: int) -> str:
    """The name of a table in DuckDB with the fields, what is derived from them, and numbers from `first`."""
    numbers = pa.array(range(first, first + table.num_rows), pa.int64())
    connection.register(f"{name}_given", table.append_column("unique_id", numbers))
    derived = "".join(f", {sql} AS {made}" for made, field, sql in DERIVED if field in table.column_names)
    # The names and expressions are constants of this module and of the contract.
    connection.execute(f"CREATE TABLE {name} AS SELECT *{derived} FROM {name}_given")  # noqa: S608
    return name


def _possible(rules: Sequence[tuple[str, ...]], available: set[str]) -> list[tuple[str, ...]]:
    return [rule for rule in rules if available.issuperset(rule)]


def _settings(available: set[str]) -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        comparisons=[comparison for field, comparison in _comparisons(available) if field in available],
        blocking_rules_to_generate_predictions=[block_on("z", arrays_to_explode=["z"])],
        retain_matching_columns=False,
    )


def _comparisons(available: set[str]) -> list[tuple[str, cl.CustomComparison]]:
    return [
        ("family_name", _family_and_home(available)),
        ("given_name", _given_name()),
        ("date_of_birth", _date_of_birth()),
        ("middle_name", _middle_name()),
        ("sex", _equal_or_not("sex")),
        ("nhs_number", _equal_or_not("nhs_number")),
    ]


def _family_and_home(available: set[str]) -> cl.CustomComparison:
    """Family name and home as one piece of evidence: who shares a home mostly shares the name.

    Levels are every likeness of homes with every likeness of names, the rarer first, so that chance
    agreement is counted for both together.
    """
    names, homes = _family_likenesses(available), _home_likenesses(available)
    levels = [
        cll.CustomLevel(f"({home}) AND ({name})", f"{at} home, {how} name").configure(
            tf_adjustment_column="family_name" if how == "same" else unsupplied_option
        )
        for at, home in homes
        for how, name in names
    ]
    return cl.CustomComparison(
        output_column_name="family_and_home",
        comparison_levels=[cll.NullLevel("family_name"), *levels[:-1], cll.ElseLevel()],
    )


def _family_likenesses(available: set[str]) -> list[tuple[str, str]]:
    # Lists are slow to compare: few names have parts, and a look for a space tells.
    related = f"(family_name_l LIKE '% %' OR family_name_r LIKE '% %') AND {SHARED_PART}"
    related += f" OR coalesce({SWAPPED}, false)"
    if "previous_family_name" in available:
        related += " OR coalesce(family_name_l = previous_family_name_r, false)"
        related += " OR coalesce(previous_family_name_l = family_name_r, false)"
    return [
        ("same", "family_name_l = family_name_r"),
        ("like", f"jaro_winkler_similarity(family_name_l, family_name_r) > 0.9 OR {related}"),
        ("distant", "jaro_winkler_similarity(family_name_l, family_name_r) > 0.8"),
        ("other", "true"),
    ]


def _home_likenesses(available: set[str]) -> list[tuple[str, str]]:
    homes = []
    if "address" in available:
        homes.append(("same", "coalesce(address_l = address_r, false)"))
    if "postcode" in available:
        homes.append(("near", "coalesce(sector_l = sector_r, false)"))
        homes.append(("unknown", "postcode_l IS NULL OR postcode_r IS NULL"))
    return [*homes, ("other", "true")]


def _given_name() -> cl.CustomComparison:
    column = "given_name"
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.NullLevel(column),
            cll.ExactMatchLevel(column, term_frequency_adjustments=True),
            cll.CustomLevel(SWAPPED, "swapped with the family name"),
            cll.JaroWinklerLevel(column, 0.92),
            cll.JaroWinklerLevel(column, 0.8),
            cll.CustomLevel("left(given_name_l, 1) = left(given_name_r, 1)", "initial"),
            cll.ElseLevel(),
        ],
    )


def _date_of_birth() -> cl.CustomComparison:
    column = "date_of_birth"
    swapped = (
        "birth_year_l = birth_year_r AND substr(birth_day_l, 1, 2) = substr(birth_day_r, 4, 2)"
        " AND substr(birth_day_l, 4, 2) = substr(birth_day_r, 1, 2)"
    )
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.NullLevel(column),
            cll.ExactMatchLevel(column),
            cll.CustomLevel(swapped, "day and month swapped"),
            cll.DamerauLevenshteinLevel(column, 1),
            cll.CustomLevel("birth_day_l = birth_day_r", "day and month"),
            cll.CustomLevel("birth_year_l = birth_year_r", "year"),
            cll.ElseLevel(),
        ],
    )


def _middle_name() -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name="middle_name",
        comparison_levels=[
            cll.NullLevel("middle_name"),
            cll.ExactMatchLevel("middle_name"),
            cll.CustomLevel("left(middle_name_l, 1) = left(middle_name_r, 1)", "initial"),
            cll.ElseLevel(),
        ],
    )


def _equal_or_not(column: str) -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[cll.NullLevel(column), cll.ExactMatchLevel(column), cll.ElseLevel()],
    )


def _trained(linker: Linker, available: set[str], *, seed: int) -> dict[str, Any]:
    """The model with its prior from pairs nearly sure, u from random pairs, m by expectation maximisation."""
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in _possible(CERTAIN, available)], recall=CERTAIN_RECALL
    )
    training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=seed)
    for rule in _possible(TRAINING, available):
        # A rule whose pairs are all matches, or none, teaches nothing: the other rules stand.
        with suppress(SplinkException, ValueError, ZeroDivisionError):
            training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule), max_pairs=MOST_TRAINING_PAIRS
            )
    model: dict[str, Any] = linker.misc.save_model_to_json()
    return model


def _edges(pairs: duckdb.DuckDBPyRelation) -> Edges:
    columns = pairs.select("unique_id_l, unique_id_r, match_weight").fetchnumpy()
    one, other = columns["unique_id_l"].astype(np.int64), columns["unique_id_r"].astype(np.int64)
    left, right = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((right, left))
    return Edges(left[order], right[order], columns["match_weight"].astype(np.float64)[order])
