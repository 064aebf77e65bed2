"""The public keys that releases are held to, from files that governance handed out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from service.audit.archive import NotVerified
from service.audit.bundle import log_key
from service.audit.release import Trust
from service.audit.signature import keys_of
from service.problems.publication import ReleaseNotVerified


def trust_of(vkey: Path, release_keys: Sequence[Path]) -> Trust:
    """The pinned keys of files; raises ReleaseNotVerified for what is none, OSError."""
    try:
        log = log_key(vkey.read_text(encoding="utf-8", errors="replace"), vkey.name)
        keys = keys_of([json.loads(path.read_bytes()) for path in release_keys])
    except (NotVerified, ValueError, RecursionError):
        raise ReleaseNotVerified(faults=[{"pointer": "the keys", "code": "unreadable"}]) from None
    return Trust(log, keys)
