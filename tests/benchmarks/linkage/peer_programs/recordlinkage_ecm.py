"""recordlinkage: plaintext behind blocks, compared field by field, classified by ECM without truth.

Comparisons and their threshold of .85 are those of its tutorials on FEBRL. They block by the given name
alone; here there is a pass each by date of birth, by postcode and by both names, which finds more. Each pass
has an ECM of its own without the fields that are equal in all of its pairs: one ECM over all three, tried
first, took a postcode that differs for evidence of a match.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import recordlinkage

from tests.benchmarks.linkage.peer_programs.contract import Found, Rows, main

BLOCKS = (["date_of_birth"], ["postcode"], ["given_name", "family_name"])
EVEN, EDGE = 0.0, 1e-9
SIMILAR = {"given_name": "jarowinkler", "family_name": "jarowinkler", "address": "levenshtein"}


def link(a: Rows, b: Rows) -> Found:
    """The pairs that ECM calls matches in any pass; all compared ones where the best threshold is looked for.

    A score is the logarithm of the odds, the higher one of two passes: printed chances are 1 for many a pair.
    """
    left, right = (pd.DataFrame(records).replace("", None) for records in (a, b))
    best: dict[tuple[int, int], float] = {}
    for block in BLOCKS:
        for pair, odds in _pass(block, left, right).items():
            best[pair] = max(odds, best.get(pair, odds))
    pairs = [(one, other, odds) for (one, other), odds in best.items()]
    return Found([pair for pair in pairs if pair[2] >= EVEN], EVEN, "ECM", lambda: pairs)


def _pass(block: list[str], left: pd.DataFrame, right: pd.DataFrame) -> dict[tuple[int, int], float]:
    """The odds, in logarithms, of every pair of a block; those it calls matches are even or higher."""
    index = recordlinkage.Index()
    index.block(block)
    compare = _comparisons([name for name in left.columns if name not in block])
    features = compare.compute(index.index(left, right), left, right)
    classifier = recordlinkage.ECMClassifier()
    matches = classifier.fit_predict(features)
    odds = sum(features[name].map(levels) for name, levels in classifier.log_weights.items())
    odds += classifier.log_p - np.log1p(-classifier.p)
    is_match = features.index.isin(matches)
    odds = odds.where(is_match, odds.clip(upper=-EDGE)).where(~is_match, odds.clip(lower=EVEN))
    return {(int(one), int(other)): float(value) for (one, other), value in odds.items()}


def _comparisons(fields: list[str]) -> recordlinkage.Compare:
    compare = recordlinkage.Compare()
    for name in fields:
        if name in SIMILAR:
            compare.string(name, name, method=SIMILAR[name], threshold=0.85, label=name)
        else:
            compare.exact(name, name, label=name)
    return compare


if __name__ == "__main__":
    main(link, ("recordlinkage",))
