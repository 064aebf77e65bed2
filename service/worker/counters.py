"""How often passkeys say that they were used: a count that comes twice is a copy's, and is not believed.

The gate keeps its own note, since the database is the api's to write. Decisions come to it out of order,
so a lower count is no sign of a copy; the same one for another decision is (Web Authentication §6.1.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.value import Sha256, Value
from service.asserted import Use
from service.worker.notes import read_note, write_note


class Counts(Value):
    """For each count of one passkey the decision that it was used for."""

    decisions: Mapping[int, Sha256] = Field(default_factory=dict)


def note_uses(folder: Path, uses: Sequence[Use]) -> None:
    """Note the uses of passkeys; the same ones again change nothing.

    Raises NotTrusted where a count was noted for another decision. A passkey that keeps no count says 0.
    """
    for use in uses:
        if use.counter:
            _note(folder / f"{hashlib.sha256(use.credential_id.encode()).hexdigest()}.json", use)


def _note(path: Path, use: Use) -> None:
    known = (read_note(path, Counts) or Counts()).decisions
    noted = known.get(use.counter)
    if noted not in {None, use.decision_sha256}:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    if noted is None:
        write_note(path, Counts(decisions={**known, use.counter: use.decision_sha256}))
