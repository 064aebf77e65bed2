"""What an attacker with public tables and some known people learns from encodings."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.laboratory.reidentification.controls import random_codes, shuffled
from linkage_engine.laboratory.reidentification.guesses import guesses
from linkage_engine.laboratory.reidentification.people import People
from linkage_engine.laboratory.reidentification.scores import Score, scores, told_by_known
from linkage_engine.laboratory.reidentification.seen import FILTER_ENDING, Seen
from linkage_engine.laboratory.reidentification.seen import seen as as_seen
from linkage_engine.laboratory.reidentification.wanted import WANTED, Known

Encode = Callable[[pa.Table], pa.Table]
"""Encodes records, each time under a secret of its own."""
LIMIT_OF_CONTROLS = 0.005
TRIED = 2000
"""Records that the attacker encodes himself."""
PURPOSE_KNOWN, PURPOSE_CODES, PURPOSE_SHUFFLE = range(3)


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """What is learnt with so many known people, by field; `record` is all fields of a record."""

    known: int
    fields: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Controls:
    """Attacks that must fail, with the most known people of the run: shares named rightly by field."""

    random_codes: Mapping[str, float]
    """A code of its own in place of every token."""
    shuffled: Mapping[str, float]
    """Known people mixed up, no public tables; beyond shared tokens."""

    def worst(self) -> float:
        """The largest share: under the limit, what attacks find is there to be found."""
        return max(*self.random_codes.values(), *self.shuffled.values())


@dataclass(frozen=True, slots=True)
class Reidentification:
    """The figures of `tre-evaluate reidentify`; field names are its JSON keys and stay."""

    profile: str
    records: int
    seed: int
    attacks: tuple[KnownPeople, ...]
    computable: float
    """The share of records with a token that the attacker can make himself, under a secret of his own."""
    controls: Controls
    controls_hold: bool
    blind: Mapping[str, float]
    """Named rightly by calling everybody by the commonest public value, without any encoding."""
    seconds: float
    peak_rss_bytes: int

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return asdict(self)


def evaluate_reidentification(
    people: People, encode: Encode, *, profile: str, known: Sequence[int], seed: int
) -> Reidentification:
    """Attack the encodings of `people` with each number of known people, and run the controls."""
    started = time.perf_counter()
    encodings = encode(people.identifiers)
    seen = as_seen(encodings)
    attacks = tuple(
        KnownPeople(number, _scored(people, seen, drawn(people, number, seed=seed), uses_tables=True))
        for number in known
    )
    controls = _controls(people, seen, drawn(people, max(known), seed=seed), seed=seed)
    return Reidentification(
        profile=profile,
        records=seen.rows,
        seed=seed,
        attacks=attacks,
        computable=_computable(encodings, encode(people.identifiers.slice(0, TRIED))),
        controls=controls,
        controls_hold=controls.worst() < LIMIT_OF_CONTROLS,
        blind=_blind(people),
        seconds=time.perf_counter() - started,
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _computable(encodings: pa.Table, own: pa.Table) -> float:
    """How many records have a token of another secret's: any at all says that tokens hang on no secret."""
    found = np.zeros(encodings.num_rows, dtype=np.bool_)
    for name, column in zip(encodings.column_names, encodings.columns, strict=True):
        tokens, mine = (pc.list_flatten(c) if pa.types.is_list(c.type) else c for c in (column, own[name]))
        if name[:-2].endswith(FILTER_ENDING) or not mine.drop_null():
            continue
        shared = pc.is_in(tokens, value_set=mine.drop_null()).to_numpy()
        found |= shared.reshape(encodings.num_rows, -1).any(axis=1)
    return float(found.mean())


def drawn(people: People, number: int, *, seed: int) -> Known:
    """So many records of any people, with whose they are."""
    records = people.identifiers.num_rows
    rows = np.sort(_random(seed, PURPOSE_KNOWN).choice(records, size=min(number, records), replace=False))
    return Known(rows, {field: values[rows] for field, values in people.true.items()}, people.sexes[rows])


def _controls(people: People, seen: Seen, known: Known, *, seed: int) -> Controls:
    nothing = random_codes(seen, _random(seed, PURPOSE_CODES))
    mixed = shuffled(known, _random(seed, PURPOSE_SHUFFLE))
    said = _scored(people, nothing, known, uses_tables=True)
    taught = _scored(people, seen, mixed, uses_tables=False)
    return Controls(
        random_codes={field: score.named for field, score in said.items()},
        shuffled={field: score.beyond for field, score in taught.items()},
    )


def _scored(people: People, seen: Seen, known: Known, *, uses_tables: bool) -> dict[str, Score]:
    tried = guesses(seen, known, people.public, uses_tables=uses_tables)
    return scores(tried, people.true, told_by_known(seen, known.rows), known.rows)


def _blind(people: People) -> dict[str, float]:
    found = {}
    for field in WANTED:
        if people.public.shares.get(field, np.empty(0)).size:
            commonest = int(people.public.shares[field].argmax())
            found[field] = float((people.true[field] == commonest).mean())
    return found


def _random(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng((seed, purpose))
