"""Seeded draws: one independent stream per seed, block and purpose."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

BATCH = 4096


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Values with their cumulative weights, ready to draw from."""

    values: tuple[T, ...]
    cumulative: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[T, float]) -> Weighted[T]:
        """Values drawn in proportion to their weights."""
        return cls(tuple(weights), tuple(accumulate(weights.values())))

    @classmethod
    def ranked(cls, values: Sequence[T], *, offset: float = 4.0, exponent: float = 1.0) -> Weighted[T]:
        """Values, commonest first, with weights falling by rank as names do (Zipf-Mandelbrot)."""
        falling = ((rank + offset) ** -exponent for rank in range(len(values)))
        return cls(tuple(values), tuple(accumulate(falling)))

    def shares(self) -> Iterator[tuple[T, float]]:
        """Each value with its probability."""
        below = (0.0, *self.cumulative[:-1])
        for value, low, high in zip(self.values, below, self.cumulative, strict=True):
            yield value, (high - low) / self.cumulative[-1]


def _numbers(generator: np.random.Generator) -> Iterator[float]:
    """Numbers in [0, 1), drawn in batches: one call of numpy costs as much as a hundred draws."""
    while True:
        yield from generator.random(BATCH).tolist()


class Dice:
    """Draws from one stream; the same seed, block and purpose give the same draws."""

    def __init__(self, seed: int, *, block: int, purpose: int) -> None:
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, block, purpose))))
        self.uniform: Callable[[], float] = _numbers(generator).__next__
        """A number in [0, 1)."""

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def pick(self, values: Sequence[T]) -> T:
        """Any of the values, each as likely."""
        return values[int(self.uniform() * len(values))]

    def draw(self, table: Weighted[T]) -> T:
        """A value in proportion to its weight."""
        return table.values[bisect_right(table.cumulative, self.uniform() * table.cumulative[-1])]

    def waiting_time(self) -> float:
        """A unit exponential: the cumulative hazard at which an event happens."""
        return -math.log1p(-self.uniform())

    def spread(self, middle: float, deviation: float) -> float:
        """A bell-shaped draw: the sum of four uniforms, so never beyond 3.5 deviations."""
        total = self.uniform() + self.uniform() + self.uniform() + self.uniform()
        return middle + deviation * (total - 2.0) * math.sqrt(3.0)
