"""anonlink and clkhash: one filter of 1,024 bits a record, all pairs, one to one, heaviest first.

Bits a field, comparisons and thresholds are those of clkhash's tutorial on FEBRL 4 (names 200, date of birth
200, postcode 100, street number and street 100 each; .9, then .8), sex as in its schema of random names.
"""

from __future__ import annotations

import io
import secrets

import anonlink
from bitarray import bitarray
from clkhash import clk
from clkhash.comparators import NgramComparison
from clkhash.field_formats import BitsPerFeatureStrategy, FieldHashingProperties, MissingValueSpec, StringSpec
from clkhash.schema import Schema

from tests.benchmarks.linkage.peer_programs.contract import Found, Pair, Rows, main

THRESHOLD, LOWEST = 0.8, 0.7
FIELDS = {
    "given_name": (2, False, 200),
    "family_name": (2, False, 200),
    "date_of_birth": (1, True, 200),
    "sex": (1, False, 60),
    "postcode": (1, True, 100),
    "address": (2, False, 200),
}
"""Letters together, whether their place counts, and bits."""


def link(a: Rows, b: Rows) -> Found:
    """The one-to-one pairs from .8 on; from .7 on where the best threshold is looked for."""
    fields = [name for name in FIELDS if name in a[0]]
    schema = Schema([_spec(name) for name in fields], 1024)
    secret = secrets.token_hex(32)
    filters = [_filters(records, fields, schema, secret) for records in (a, b)]
    rule = f"Dice from {THRESHOLD} on, greedy one to one"
    return Found(_solved(filters, THRESHOLD), THRESHOLD, rule, lambda: _solved(filters, LOWEST))


def _spec(name: str) -> StringSpec:
    letters, has_places, bits = FIELDS[name]
    hashing = FieldHashingProperties(
        comparator=NgramComparison(letters, has_places),
        strategy=BitsPerFeatureStrategy(bits),
        missing_value=MissingValueSpec(sentinel=""),
    )
    return StringSpec(name, hashing)


def _filters(records: Rows, fields: list[str], schema: Schema, secret: str) -> list[bitarray]:
    lines = [",".join(fields), *(",".join(row[name] for name in fields) for row in records)]
    text = io.StringIO("\n".join(lines) + "\n")
    return list(clk.generate_clk_from_csv(text, secret, schema, progress_bar=False))


def _solved(filters: list[list[bitarray]], threshold: float) -> list[Pair]:
    candidates = anonlink.candidate_generation.find_candidate_pairs(
        filters, anonlink.similarities.dice_coefficient, threshold
    )
    scores = dict(zip(zip(*candidates[2], strict=True), candidates[0], strict=True))
    found = []
    for group in anonlink.solving.greedy_solve(candidates):
        (_, left), (_, right) = sorted(group)
        found.append((left, right, scores[left, right]))
    return found


if __name__ == "__main__":
    main(link, ("anonlink", "clkhash"))
