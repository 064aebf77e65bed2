"""One linkage of two providers with 100,000 people each, as the linkage worker does it: tokens to links."""

from __future__ import annotations

import secrets
from dataclasses import asdict

import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.link.linking import LinkSettings, link_pair
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode
from linkage_engine.vault.compute import locked_duckdb
from tests.benchmarks.made_up import copies, six_fields
from tests.benchmarks.measure import Budget, Figures, main, seconds

PEOPLE = 100_000
APART = 0.2
"""The share of each side whom the other does not have."""
BUDGETS = (Budget("link_seconds", 30, at_least=False),)


def figures(scale: float) -> Figures:
    """Training, prediction, threshold and one-to-one links; six fields each, four fifths in common."""
    people = max(2000, round(PEOPLE * scale))
    secret = LinkageSecret.generate(secrets.token_bytes)
    shift = round(people * APART)
    a = _tokens("trust", secret, first=0, people=people)
    b = _tokens("practices", secret, first=shift, people=people)
    results = []
    taken = seconds(
        lambda: results.append(
            link_pair(
                locked_duckdb(memory_limit="4GB", threads=2),
                a,
                b,
                settings=LinkSettings(LinkageProfile.TOKENS, seed=1),
            )
        )
    )
    (result,) = results
    pairs = result.pairs
    left, right = (pairs.column(index).to_pylist() for index in range(2))
    right_ones = sum(one == other for one, other in zip(left, right, strict=True))
    return {
        "records_a": people,
        "records_b": people,
        "link_seconds": taken,
        "figures": asdict(result.figures),
        "links": len(left),
        "precision": right_ones / len(left),
        "recall": right_ones / (people - shift),
    }


def _tokens(side: str, secret: LinkageSecret, *, first: int, people: int) -> pa.Table:
    """Token columns behind a key that tells who it is."""
    rows = [(f"{n:032x}", six_fields(copy)) for n, copy in copies(first + people, side=side) if n >= first]
    fields = {name: [row[name] or None for _, row in rows] for name in rows[0][1]}
    table = pa.table({name: pa.array(texts, pa.string()) for name, texts in fields.items()})
    tokens = encode(table, Encoding(secret, "bench", 1), random=secrets.token_bytes)
    return tokens.add_column(0, "person_key", pa.array([key for key, _ in rows]))


if __name__ == "__main__":
    main(figures, *BUDGETS)
