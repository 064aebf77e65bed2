"""How the texts of a delivery's identifiers are spelt: each distinct text is normalised once."""

from __future__ import annotations

from collections.abc import Iterable

from linkage_engine.pseudonymise.families import NORMALISERS


class Spellings:
    """The spellings of one delivery, field by field; shows how many texts it knows, never which."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str | None, str | None]] = {name: {None: None} for name in NORMALISERS}

    def of(self, field: str, texts: Iterable[str | None]) -> list[str | None]:
        """Each text as its normaliser spells it; None where the text is blank or cannot be one."""
        known, normaliser = self._known[field], NORMALISERS[field]
        asked = list(texts)
        for text in asked:
            if text is not None and text not in known:
                known[text] = normaliser(text)
        return [known[text] for text in asked]

    def __repr__(self) -> str:
        return f"Spellings({sum(map(len, self._known.values()))})"
