"""What is said of a release beside its package: an embargo, that it corrects another, a recall."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import AwareDatetime, model_validator

from linkage_engine.contract.value import RandomId, ShortText, Value


class Recall(Value):
    """A release is taken back: its numbers are no longer published, the note is."""

    on: date
    note: ShortText
    """For the public: why, and what to do with numbers that were used already."""


class Notice(Value):
    """One release's notice, as a JSON file of the publisher.

    A correction without a note of what changed is refused, and a release that corrects or names itself.
    """

    notice: Literal[1] = 1
    release_id: RandomId
    embargo_until: AwareDatetime | None = None
    """Before this moment nothing of the release is published."""
    corrects: RandomId | None = None
    change_note: ShortText | None = None
    """What a correction changed and why."""
    recall: Recall | None = None
    related: tuple[RandomId, ...] = ()
    """Releases that its page leads to."""
    next_update: date | None = None

    @model_validator(mode="after")
    def _of_others_with_a_note(self) -> Self:
        if (self.corrects is None) is not (self.change_note is None):
            msg = "a correction and what it changed, or neither"
            raise ValueError(msg)
        if self.release_id in {self.corrects, *self.related}:
            msg = "another release"
            raise ValueError(msg)
        return self
