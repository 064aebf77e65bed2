"""Files as one zip file that depends on nothing but them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The same files give the same bytes: members carry no time of their own."""


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    """The members in their order, deflated."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members:
            member = zipfile.ZipInfo(name, BEGINNING)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return target.getvalue()
