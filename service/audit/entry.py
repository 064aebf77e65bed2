"""One audit entry: a closed language of acts, ids, counts and digests, and its commitment.

An entry never holds free text. Details have known keys, and every string in them is an
id, a slug or a digest: there is no place where a value of a record could stand.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

from service.audit.canonical import NotCanonical, canonical, parse
from service.audit.tree import leaf_hash
from service.audit.vocabulary import COUNTS, DIGESTS, NAMES, Action, Outcome

DOMAIN = b"tre-audit-entry/v1\x00"
"""A commitment of this log is never a digest of anything else."""
SALT_BYTES = 16
"""Hides what an entry says from those who only see the tree (few entries are hard to guess)."""

NAME_PATTERN = r"^[A-Za-z0-9_/][A-Za-z0-9_.:/+{}-]{0,199}$"
"""What may stand in an entry as an id, a slug or an address."""
_NAME = re.compile(NAME_PATTERN.strip("^$"))
_DIGEST = re.compile(r"[0-9a-f]{64}")


class NotAnEntry(ValueError):
    """Words that are no entry of this log."""


def moment(at: datetime) -> str:
    """A moment as entries write it: UTC, to the microsecond."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def is_name(text: object) -> bool:
    """Whether a text may stand in an entry: an id, a slug, an address; never a sentence."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Who did what to what, when, and what became of it. Raises NotAnEntry for anything else."""

    entry_id: str
    at: str
    action: Action
    actor: str
    subject: str
    project: str | None = None
    outcome: Outcome = Outcome.DONE
    detail: dict[str, int | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [
            self.entry_id,
            self.actor,
            self.subject,
            *([self.project] if self.project is not None else []),
        ]
        if not all(is_name(name) for name in names):
            raise NotAnEntry("an id, actor, subject or project that is no name")
        if not _is_moment(self.at):
            raise NotAnEntry("a moment that is not in UTC to the microsecond")
        wrong = sorted(key for key, value in self.detail.items() if not _detail_is_allowed(key, value))
        if wrong:
            # Keys are chosen by our own code; values are never shown.
            raise NotAnEntry(f"details that may not stand in an entry: {', '.join(wrong)}")

    def to_canonical(self) -> bytes:
        """The entry as RFC 8785 canonical JSON: the text that is committed to."""
        return canonical(
            {
                "action": self.action.value,
                "actor": self.actor,
                "at": self.at,
                "detail": self.detail,
                "entry_id": self.entry_id,
                "outcome": self.outcome.value,
                "project": self.project,
                "subject": self.subject,
            }
        )

    @classmethod
    def from_canonical(cls, text: bytes) -> Entry:
        """The entry of a canonical text; raises NotAnEntry for any other text."""
        try:
            said = parse(text)
        except NotCanonical as fault:
            raise NotAnEntry(str(fault)) from None
        if not isinstance(said, dict) or said.keys() != {each.name for each in fields(cls)}:
            raise NotAnEntry("not the fields of an entry")
        if not isinstance(said["detail"], dict):
            raise NotAnEntry("details that are no mapping")
        try:
            action, outcome = Action(said.pop("action")), Outcome(said.pop("outcome"))
        except ValueError:
            raise NotAnEntry("an act or an outcome that this log does not know") from None
        return cls(action=action, outcome=outcome, **said)


def _is_moment(text: object) -> bool:
    try:
        return isinstance(text, str) and moment(datetime.fromisoformat(text)) == text
    except ValueError:
        return False


def _detail_is_allowed(key: str, value: object) -> bool:
    if key in COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if key in DIGESTS:
        return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
    return key in NAMES and is_name(value)


def commitment(salt: bytes, text: bytes) -> bytes:
    """The salted commitment to an entry's canonical text: the data of its leaf, 32 bytes."""
    if len(salt) != SALT_BYTES:
        raise NotAnEntry("a salt of another length")
    return hashlib.sha256(DOMAIN + salt + text).digest()


def entry_leaf(salt: bytes, text: bytes) -> bytes:
    """The leaf hash of an entry in the tree (RFC 6962 leaf over the commitment)."""
    return leaf_hash(commitment(salt, text))
