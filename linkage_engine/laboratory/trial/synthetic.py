"""Synthetic England as a researcher's own machine keeps it: made once, in the catalogue's form."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

import linkage_engine.laboratory.england
from linkage_engine.laboratory.england.catalogue_form import OfProvider, in_catalogue_form
from linkage_engine.laboratory.england.write import write_england


def synthetic_england(keep: Path, *, people: int, seed: int) -> Path:
    """The folder of a synthetic England, one Parquet file a data set in a folder for each provider.

    Made where it is missing, under a name that only a finished one has; another version of what makes it
    makes another one. Raises `OSError` where there is no room.
    """
    folder = keep / f"england-{people}-{seed}-{_version()}"
    if folder.exists():
        return folder
    keep.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=keep, prefix="unfinished-") as making:
        write_england(Path(making) / "files", people=people, seed=seed)
        made = Path(making) / "made"
        for each in in_catalogue_form(Path(making) / "files"):
            (made / each.provider).mkdir(parents=True, exist_ok=True)
            pq.write_table(each.rows, made / each.provider / f"{each.name}.parquet", compression="zstd")
        made.rename(folder)
    return folder


def read_england(folder: Path, names: Collection[str]) -> Iterator[OfProvider]:
    """Data sets of a synthetic England, in order of provider and name."""
    for path in sorted(folder.glob("*/*.parquet")):
        if path.stem in names:
            yield OfProvider(path.parent.name, path.stem, pq.read_table(path))


def _version() -> str:
    """A digest of everything that makes it."""
    [root] = linkage_engine.laboratory.england.__path__
    files = sorted(path for path in Path(root).rglob("*") if path.suffix in {".py", ".csv", ".json"})
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
