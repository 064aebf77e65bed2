"""Spellings near a name, and how it sounds: what lets two spellings of one name meet in a token."""

from __future__ import annotations

_SHORTEST_FOR_DELETION = 3
_SHORTEST_PART = 4
_SOUNDS = {
    letter: code
    for code, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), start=1)
    for letter in letters
}
_SILENT = "HW"
_CODE_LENGTH = 4


def joined(name: str) -> str:
    """A name without its spaces, so that SMITH JONES and SMITHJONES are one."""
    return name.replace(" ", "")


def near(name: str, other: str | None = None) -> tuple[str, ...]:
    """The name, another name of the person, the longer parts of a double name, and all one-letter deletions.

    Two names share a variant when one edit, or one exchange of neighbours, makes one of the other
    (deletion neighbourhood: Bocek, Hunt, Stiller 2007). The order is the order of worth: a reader
    with little room takes the first ones.
    """
    whole = joined(name)
    parts = [part for part in name.split() if len(part) >= _SHORTEST_PART] if " " in name else []
    others = [joined(other)] if other is not None else []
    deletions = (
        [whole[:at] + whole[at + 1 :] for at in range(len(whole))]
        if len(whole) >= _SHORTEST_FOR_DELETION
        else []
    )
    return tuple(dict.fromkeys([whole, *others, *parts, *deletions]))


def soundex(name: str) -> str:
    """The American Soundex code of a name of A to Z (US National Archives)."""
    letters = joined(name)
    codes: list[str] = []
    previous = _SOUNDS.get(letters[0])
    for letter in letters[1:]:
        if letter in _SILENT:
            continue
        sound = _SOUNDS.get(letter)
        if sound is not None and sound != previous:
            codes.append(str(sound))
        previous = sound
    return (letters[0] + "".join(codes))[:_CODE_LENGTH].ljust(_CODE_LENGTH, "0")
