"""What a project was told, as a look back needs it: cells by the people behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.disclosure.history.sets import Persons


@dataclass(frozen=True)
class ToldCount:
    """A count that was told of an earlier cell: how many people, and which set of its table they are."""

    size: int
    number: int
    sha256: str


@dataclass(frozen=True)
class ToldCell:
    """A cell of an earlier table whose population was told."""

    table: int
    """The table's place among all that were decided, oldest first."""
    key: str
    sha256: str
    """Of the population, as in `PersonSets.digests`, in hexadecimal."""
    counts: Mapping[str, ToldCount]
    """The told ones, by measure."""


@dataclass(frozen=True)
class TableAsked:
    """What a table was asked to tell."""

    title: str
    question: SignedQuestion


class Archive(Protocol):
    """Everything that was decided for a project before."""

    @property
    def releases(self) -> Sequence[str]:
        """The ids of all tables, oldest first."""

    def cells(self, sha256: Collection[str]) -> Sequence[ToldCell]:
        """The cells that told one of these populations, of the oldest table first."""

    def people(self, table: int, numbers: Collection[int]) -> Mapping[int, Persons]:
        """Who is in some sets of a table, by their numbers."""

    def largest(self, table: int) -> str | None:
        """The digest of the largest population that a table told."""

    def asked(self, table: int) -> TableAsked:
        """What a table was asked to tell."""
