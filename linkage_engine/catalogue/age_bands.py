"""Age bands: fixed and nested, so that tables of a project meet at the same edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from linkage_engine.contract.value import FieldName, ShortText, Value


@dataclass(frozen=True)
class AgeBand:
    """Ages in whole years, both ends included; an open band has no oldest."""

    label: str
    youngest: int
    oldest: int | None


class AgeBanding(Value):
    """One way to cut ages into bands."""

    name: FieldName
    title: ShortText
    starts: tuple[int, ...]

    @property
    def bands(self) -> tuple[AgeBand, ...]:
        """The bands from young to old; labels are words, since spreadsheets read 5-14 as a date."""
        closed = tuple(AgeBand(f"{a} to {b - 1}", a, b - 1) for a, b in pairwise(self.starts))
        return (*closed, AgeBand(f"{self.starts[-1]} and over", self.starts[-1], None))

    def within(self, wider: AgeBanding) -> dict[str, str] | None:
        """For each band the band of a wider banding that it lies in; nothing where they do not nest."""
        if not set(wider.starts) < set(self.starts):
            return None
        return {
            band.label: next(w.label for w in reversed(wider.bands) if w.youngest <= band.youngest)
            for band in self.bands
        }


class AgeBandings(Value):
    """Every banding that a question may name."""

    name: FieldName
    version: str
    title: ShortText
    note: ShortText
    bandings: tuple[AgeBanding, ...]

    def named(self, name: str) -> AgeBanding | None:
        """The banding of that name, or nothing."""
        return next((banding for banding in self.bandings if banding.name == name), None)

    def coarser(self, name: str) -> dict[str, dict[str, str]]:
        """The bandings that bands of the named one nest in, each with the band that each lies in."""
        finer = self.named(name)
        found = {} if finer is None else {each.name: finer.within(each) for each in self.bandings}
        return {wider: bands for wider, bands in found.items() if bands is not None}


@cache
def age_bandings() -> AgeBandings:
    """The bandings that this version of the service ships."""
    text = (files("linkage_engine.catalogue") / "age_bands.json").read_text(encoding="utf-8")
    return AgeBandings.model_validate_json(text)
