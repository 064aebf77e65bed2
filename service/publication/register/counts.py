"""What became of questions and releases, by project: counted in an exported log that verifies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from service.audit.archive import ENTRIES, NotVerified, open_archive
from service.audit.bundle import Pins, verify_bundle
from service.audit.canonical import parse
from service.audit.entry import Entry
from service.audit.release import Trust
from service.audit.vocabulary import Action, Outcome
from service.problems.publication import LogNotVerified
from service.publication.register.values import Counts

COUNTED: Mapping[tuple[Action, Outcome], str] = {
    (Action.QUERY_ASK, Outcome.DONE): "asked",
    (Action.QUERY_FAIL, Outcome.FAILED): "not_answered",
    (Action.RELEASE_SIGN, Outcome.DONE): "released",
    (Action.RELEASE_DECIDE, Outcome.REFUSED): "refused_by_checkers",
    (Action.RELEASE_VETO, Outcome.DONE): "vetoed",
}
"""Which entries are counted as what."""


def counts_of(bundle: Path, trust: Trust) -> Mapping[str, Counts]:
    """The counts of every project of a log; raises LogNotVerified naming what does not hold."""
    found: dict[str, Counter[str]] = {}
    try:
        verify_bundle(bundle, Pins(log=trust.log, release_keys=trust.release_keys))
        with open_archive(bundle) as archive:
            for line in archive.lines(ENTRIES):
                entry = _entry(line)
                counted = COUNTED.get((entry.action, entry.outcome))
                if counted is not None and entry.project is not None:
                    found.setdefault(entry.project, Counter())[counted] += 1
    except NotVerified as refused:
        raise LogNotVerified(
            faults=[{"pointer": fault, "code": "does-not-hold"} for fault in refused.faults]
        ) from None
    return {project: Counts(**counter) for project, counter in found.items()}


def _entry(line: bytes) -> Entry:
    fields = parse(line)
    assert isinstance(fields, dict)  # the bundle was verified
    return Entry.from_canonical(str(fields["entry"]).encode())
