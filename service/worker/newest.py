"""What came last: something that was really signed, but before it, is not believed again.

Deliveries and crosswalks carry numbers that rise. A worker notes the highest that it went by, so that
a database or a spool that was set back brings nothing back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.value import ShortText, Value
from service.worker.notes import read_note, write_note


class Newest(Value):
    """The highest number that was gone by, and what had it."""

    number: Annotated[int, Field(ge=0)]
    what: ShortText


def hold_to_newest(path: Path, newest: Newest, outdated: RefusalCode) -> None:
    """Note what is newest; raises NotTrusted(`outdated`) for an older one, or another of the same number.

    The same again changes nothing, so that a job may come twice.
    """
    known = read_note(path, Newest)
    if known == newest:
        return
    if known is not None and newest.number <= known.number:
        raise NotTrusted(outdated)
    write_note(path, newest)


def next_number(path: Path, what: str) -> int:
    """A number above all that this note has given; noted before it is used, so some may never be."""
    known = read_note(path, Newest)
    number = 1 if known is None else known.number + 1
    write_note(path, Newest(number=number, what=what))
    return number
