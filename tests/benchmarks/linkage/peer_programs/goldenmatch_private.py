"""goldenmatch's private mode: one keyed filter a record; fields, filter and threshold as it chooses itself.

What `pprl_link` does, with a key, which that function does not take, and the second file in pieces, which
its documentation gives as the way to bound memory.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

import pyarrow as pa
from goldenmatch.pprl.autoconfig import auto_configure_pprl
from goldenmatch.pprl.protocol import (
    PartyData,
    PPRLConfig,
    compute_bloom_filters,
    link_trusted_third_party,
)

from tests.benchmarks.linkage.peer_programs.contract import Found, Pair, Rows, main

CHUNK = 2_000
TRIED = (0.8, 0.85, 0.9, 0.95)


def link(a: Rows, b: Rows) -> Found:
    """The pairs within its clusters; a score is the highest threshold tried at which the pair is in one."""
    left, right = (_table(records) for records in (a, b))
    config = replace(auto_configure_pprl(left).recommended_config, chunk_size=CHUNK)
    key = secrets.token_hex(32)
    parties = [
        PartyData(name, compute_bloom_filters(table, config.fields, config, hmac_key=key), len(table))
        for name, table in (("a", left), ("b", right))
    ]
    rule = f"Dice from {config.threshold} on over {', '.join(config.fields)}, clusters"
    return Found(
        _pairs(parties, config), config.threshold, rule, lambda: _tried(parties, config, config.threshold)
    )


def _table(records: Rows) -> pa.Table:
    columns = {name: [row[name] or None for row in records] for name in records[0]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _pairs(parties: list[PartyData], config: PPRLConfig) -> list[Pair]:
    found = []
    for members in link_trusted_third_party(parties[0], parties[1], config).clusters.values():
        sides = [[at for party, at in members if party == name] for name in ("a", "b")]
        found += [(one, other, config.threshold) for one in sides[0] for other in sides[1]]
    return found


def _tried(parties: list[PartyData], config: PPRLConfig, own: float) -> list[Pair]:
    best: dict[tuple[int, int], float] = {}
    for threshold in sorted({*TRIED, own}):
        best |= {pair[:2]: threshold for pair in _pairs(parties, replace(config, threshold=threshold))}
    return [(one, other, score) for (one, other), score in best.items()]


if __name__ == "__main__":
    main(link, ("goldenmatch", "goldenmatch-native"))
