"""A release as it left: its statement, its question, its table, and where the log has it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import rfc8785
from pydantic import ValidationError

from linkage_engine.contract.controlled_table import ControlledTable, PublishedRecord
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.statements import ReleaseStatement, SignedQuestion
from service.audit.archive import RELEASE, NotVerified, open_archive, shown
from service.audit.release import Trust, check_release
from service.problems.publication import ReleaseNotVerified, ReleaseUnreadable
from service.publication.table_file import NotATable, read_table
from service.releases.contents import TABLE
from service.releases.publication import RECORD

QUERY, DESCRIPTION = "query.json", f"{TABLE}-metadata.json"
MEMBER_BYTES = 64 << 20
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names that stay in a folder, whatever they are written to."""
PAGE, WORKBOOK, RECIPE, CHANGES, CRATE = (
    "index.html",
    "table.xlsx",
    "recipe.json",
    "changes.csv",
    "crate.zip",
)
MADE = frozenset({PAGE, WORKBOOK, RECIPE, CHANGES, CRATE})
"""What is made of a release: no signed file stands under these names."""


@dataclass(frozen=True)
class InLog:
    """Where the log has the signing of a release."""

    origin: str
    index: int
    size: int
    """Of the tree whose checkpoint the package carries."""


@dataclass(frozen=True)
class Released:
    """One release, whole: made of its package and nothing else."""

    statement: ReleaseStatement
    question: SignedQuestion
    table: ControlledTable
    record: PublishedRecord
    log: InLog
    files: Mapping[str, bytes]
    """Every member of the package as it is, release.json first."""

    @property
    def asked(self) -> QuerySpec:
        """What was asked."""
        return self.question.specification


def open_release(path: Path | BinaryIO, trust: Trust) -> Released:
    """The release of a package, a file on disk or open, held against pinned keys of the log and the gate.

    Raises ReleaseNotVerified naming what does not hold, ReleaseUnreadable.
    """
    try:
        with open_archive(path) as archive:
            place = check_release(archive, "", trust)
            members = {
                name: archive.read(name, MEMBER_BYTES)
                for name in sorted(archive.names, key=lambda name: (name != RELEASE, name))
            }
    except NotVerified as refused:
        raise ReleaseNotVerified(
            faults=[{"pointer": fault, "code": "does-not-hold"} for fault in refused.faults]
        ) from None
    head = place.checkpoint
    return released(members, InLog(origin=head.origin, index=place.index, size=head.size))


def released(members: Mapping[str, bytes], log: InLog) -> Released:
    """The release of a verified package's members; raises ReleaseUnreadable naming the member."""
    for name in members:
        if not PLAIN.fullmatch(name) or name in MADE:
            raise _unreadable(shown(name))
    statement = ReleaseStatement.model_validate(_parsed(members, RELEASE)["statement"])
    try:
        record = PublishedRecord.model_validate(_parsed(members, RECORD))
        question = _question(_parsed(members, QUERY), record)
        described = _parsed(members, DESCRIPTION)
        table = read_table(
            members.get(TABLE, b""), described, record, template=question.specification.template
        )
    except NotATable:
        raise _unreadable(TABLE) from None
    except ValidationError as fault:
        raise _unreadable(RECORD if fault.title == PublishedRecord.__name__ else QUERY) from None
    return Released(statement, question, table, record, log, members)


def _question(asked: Mapping[str, Any], record: PublishedRecord) -> SignedQuestion:
    """The question; the record has to be of an answer to it."""
    question = asked.get("question")
    written = question.get("specification") if isinstance(question, dict) else None
    try:
        digest = hashlib.sha256(rfc8785.dumps(written)).hexdigest()
    except rfc8785.CanonicalizationError:
        raise _unreadable(QUERY) from None
    if digest != record.specification_sha256:
        raise _unreadable(QUERY)
    return SignedQuestion.model_validate(question)


def _parsed(members: Mapping[str, bytes], name: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(members[name])
    except (KeyError, ValueError, RecursionError):
        raise _unreadable(name) from None
    if not isinstance(fields, dict):
        raise _unreadable(name)
    return fields


def _unreadable(name: str) -> ReleaseUnreadable:
    return ReleaseUnreadable(faults=[{"pointer": name, "code": "unreadable"}])
