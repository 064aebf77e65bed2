"""Match weights from which a pair of records is a link: strictly, as queries use it, and leniently."""

from __future__ import annotations

from dataclasses import dataclass

WEIGHT_EDGES = tuple(float(bits) for bits in range(-20, 61, 5))
"""Match weights, in bits, between which pairs are counted for a quality report."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Three match weights in bits, none above the one before; the model gives them, the spine links by them.

    Raises ValueError for any other order, since clusters would not be nested.
    """

    strict: float
    primary: float
    """What queries use."""
    lenient: float

    def __post_init__(self) -> None:
        if not self.strict >= self.primary >= self.lenient:
            raise ValueError("thresholds fall from strict over primary to lenient")
