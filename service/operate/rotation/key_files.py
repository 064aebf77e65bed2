"""A key file of a role, and what lies beside it while another takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """One key of a role: `at-rest.key`, with `.next`, `.old` and `.partial` beside it."""

    folder: Path
    stem: str = "at-rest"
    suffix: str = ".key"

    @property
    def key(self) -> Path:
        """The key in place."""
        return self.folder / f"{self.stem}{self.suffix}"

    @property
    def coming(self) -> Path:
        """The key that is to take its place; not there once it has."""
        return self.folder / f"{self.stem}.next"

    @property
    def leaving(self) -> Path:
        """The key that leaves, until nothing needs it."""
        return self.folder / f"{self.stem}.old"

    @property
    def aside(self) -> Path:
        """A key that is being made."""
        return self.folder / f"{self.stem}.partial"

    @property
    def cut_short(self) -> bool:
        """Whether a rotation was begun and not finished."""
        return self.coming.exists() or self.leaving.exists()


@dataclass(frozen=True, slots=True)
class Rotation:
    """One key in the place of another, by their fingerprints."""

    before: str
    after: str
