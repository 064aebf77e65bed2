"""Which columns carry which parts of identifiers: what the documents of a profile tell everybody."""

from __future__ import annotations

from functools import reduce

import numpy as np

from linkage_engine.laboratory.reidentification.classes import both
from linkage_engine.laboratory.reidentification.seen import NONE, Codes, Seen
from linkage_engine.pseudonymise.families import NEAR, SCALARS

WHOLE = {"family_name": "sn", "given_name": "fn", "date_of_birth": "dob", "postcode": "postcode"}
"""The part that is a whole value of a field: records that share a token of it share the value."""
SOUND = {"family_name": "ss", "given_name": "fs"}


def carriers(seen: Seen, part: str) -> list[Codes]:
    """The scalar columns of which a part is one; a token of them that is shared tells of an equal part."""
    return [codes for name, codes in seen.scalars.items() if name in SCALARS and part in SCALARS[name].parts]


def joint(seen: Seen, parts: tuple[str, ...]) -> Codes | None:
    """One code a record for these parts together: a column of them, or columns of each side by side."""
    found = {frozenset(SCALARS[name].parts): codes for name, codes in seen.scalars.items() if name in SCALARS}
    if frozenset(parts) in found:
        return found[frozenset(parts)]
    single = [found.get(frozenset({part})) for part in parts]
    return (
        None if any(codes is None for codes in single) else reduce(both, [c for c in single if c is not None])
    )


def anchored_lists(seen: Seen, field: str) -> list[tuple[Codes, Codes]]:
    """Lists of spellings near a field's name, each with the code of the name and its anchor together."""
    found = []
    for name, codes in seen.lists.items():
        if name in NEAR and NEAR[name].field == field:
            whole = joint(seen, (WHOLE[field], *NEAR[name].anchor))
            if whole is not None:
                found.append((codes, whole))
    return found


def neighbours(codes: Codes) -> tuple[Codes, Codes]:
    """Pairs of records next to each other among those that share a code."""
    rows = np.flatnonzero(codes != NONE)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    same = codes[rows[1:]] == codes[rows[:-1]]
    return rows[:-1][same], rows[1:][same]
