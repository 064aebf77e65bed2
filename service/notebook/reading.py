"""Reading a release without the service: from its package, or from the folder it was published as."""

from __future__ import annotations

import io
from pathlib import Path

from service.audit.release import Trust
from service.notebook.table import ReleasedTable
from service.problems.publication import ReleaseUnreadable
from service.publication.released import MADE, MEMBER_BYTES, open_release
from service.releases.zipped import zipped


def read_release(place: Path | str, trust: Trust) -> ReleasedTable:
    """The release of a package (`release.zip`), or of a folder of its files, held against pinned keys.

    In a folder, what publishing makes of a release (page, workbook, recipe card, crate) is not looked at:
    only what the gate signed is read. Raises ReleaseNotVerified naming what does not hold, ReleaseUnreadable,
    OSError.
    """
    place = Path(place)
    if not place.is_dir():
        return ReleasedTable(open_release(place, trust))
    signed = sorted(path for path in place.iterdir() if path.name not in MADE)
    for path in signed:
        if not path.is_file() or path.stat().st_size > MEMBER_BYTES:
            raise ReleaseUnreadable(faults=[{"pointer": "the folder", "code": "not-a-folder-of-a-release"}])
    package = zipped((path.name, path.read_bytes()) for path in signed)
    return ReleasedTable(open_release(io.BytesIO(package), trust))
