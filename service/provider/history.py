"""What changed since the last delivery that was sealed; known on the provider's machine alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.contract.value import FieldName, Value
from linkage_engine.pseudonymise.digests import digest_all
from linkage_engine.pseudonymise.secret import LinkageSecret, derived_key
from service.problems.tools import KeyFolderUnusable
from service.provider.delivery import Delivery
from service.provider.files import HISTORY
from service.provider.volume import VolumeFinding, losses, rows_by_quarter

KEY_BYTES = 32
MUCH = 0.2
"""A larger change of the number of rows, either way, is worth a look before anything is sent."""

Digests = NDArray[np.uint64]


class LastDelivery(Value):
    """What is remembered of a delivery: counts, and keyed digests of local person ids."""

    last_delivery: Literal[1] = 1
    counter: int
    extract_date: date
    key_check: str
    """Of the secret that the digests are keyed with; under another one they cannot be compared."""
    rows: dict[FieldName, int]
    quarters: dict[FieldName, dict[str, int]] = Field(default_factory=dict)
    """Rows by quarter; none of a delivery from before they were kept."""
    persons: str
    """Sorted digests of eight bytes, in base64: useless without the project linkage secret."""


@dataclass(frozen=True)
class Change:
    """One count, then and now; then is nothing where it was not sent."""

    name: str
    before: int | None
    now: int

    @property
    def is_large(self) -> bool:
        """Whether it rose or fell by more than a fifth; a data set that is missing has fallen to nought."""
        return self.before is not None and abs(self.now - self.before) > MUCH * self.before


@dataclass(frozen=True)
class Comparison:
    """A delivery against the last one that was sealed."""

    counter: int
    extract_date: date
    rows: tuple[Change, ...]
    persons: tuple[int, int, int] | None
    """New, dropped and kept persons; nothing where the secret is another one."""
    losses: tuple[VolumeFinding, ...] = ()

    @property
    def is_large(self) -> bool:
        """Whether any number of rows changed by more than a fifth."""
        return any(change.is_large for change in self.rows)


def remembered(delivery: Delivery, project: ProjectFile, secret: LinkageSecret, counter: int) -> LastDelivery:
    """What to remember of a delivery."""
    return LastDelivery(
        counter=counter,
        extract_date=delivery.mapping.extract_date,
        key_check=project.key_check,
        rows={name: table.num_rows for name, table in delivery.payload.items()},
        quarters=_quarters(delivery),
        persons=base64.b64encode(_digests(delivery, project, secret).astype(">u8").tobytes()).decode(),
    )


def compared(
    delivery: Delivery, last: LastDelivery, project: ProjectFile, secret: LinkageSecret
) -> Comparison:
    """How a delivery differs from the last one; raises KeyFolderUnusable when what is kept is damaged."""
    now = {name: table.num_rows for name, table in delivery.payload.items()}
    names = list(dict.fromkeys((*last.rows, *now)))
    persons = None
    if last.key_check == project.key_check:
        then, these = _kept(last), _digests(delivery, project, secret)
        both = np.intersect1d(then, these, assume_unique=True).size
        persons = (these.size - both, then.size - both, both)
    return Comparison(
        counter=last.counter,
        extract_date=last.extract_date,
        rows=tuple(Change(name, last.rows.get(name), now.get(name, 0)) for name in names),
        persons=persons,
        losses=losses(last.rows, now, last.quarters, _quarters(delivery)),
    )


def as_lines(comparison: Comparison) -> Iterator[str]:
    """The comparison for a terminal: counts and per cent, no value."""
    yield f"Since delivery {comparison.counter}, the extract of {comparison.extract_date}:"
    for change in comparison.rows:
        if change.before is None:
            yield f"  {change.name}: {change.now} rows, not sent before"
        else:
            share = f" ({(change.now - change.before) / change.before:+.1%})" if change.before else ""
            mark = "  <- look at this" if change.is_large else ""
            yield f"  {change.name}: {change.before} rows then, {change.now} now{share}{mark}"
    if comparison.persons is None:
        yield "  persons: not compared, the project linkage secret is another one"
    else:
        new, dropped, kept = comparison.persons
        yield f"  persons: {new} new, {dropped} dropped, {kept} in both"
    yield from (f"  {found}" for found in comparison.losses)


def read_last(keys: Path, project_id: str) -> LastDelivery | None:
    """What the key folder remembers of the last delivery to a project; raises KeyFolderUnusable."""
    try:
        return LastDelivery.model_validate_json((keys / HISTORY / f"{project_id}.json").read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise KeyFolderUnusable from None


def keep_last(keys: Path, project_id: str, last: LastDelivery) -> None:
    """Remember a delivery in the key folder, in the place of the one before."""
    folder = keys / HISTORY
    folder.mkdir(mode=0o700, exist_ok=True)
    written = folder / f"{project_id}.new"
    written.write_text(last.to_json() + "\n", encoding="ascii")
    written.chmod(0o600)
    written.replace(folder / f"{project_id}.json")


def _quarters(delivery: Delivery) -> dict[str, dict[str, int]]:
    return {name: rows_by_quarter(table, data_set(name)) for name, table in delivery.payload.items()}


def _digests(delivery: Delivery, project: ProjectFile, secret: LinkageSecret) -> Digests:
    """Keyed digests of the local person ids, sorted: another provider's key gives others."""
    label = ("local-person", delivery.mapping.provider_id)
    key = derived_key(
        secret, project_id=project.project_id, epoch=project.secret_epoch, label=label, size=KEY_BYTES
    )
    return np.unique(digest_all(key, delivery.persons.local_ids.to_pylist(), {}).digests)


def _kept(last: LastDelivery) -> Digests:
    try:
        return np.frombuffer(base64.b64decode(last.persons, validate=True), dtype=">u8").astype(np.uint64)
    except (binascii.Error, ValueError):
        raise KeyFolderUnusable from None
