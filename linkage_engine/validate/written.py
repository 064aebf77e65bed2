"""Values as a provider writes them, written as the catalogue does: SQL expressions over columns of text."""

from __future__ import annotations

from collections.abc import Mapping

from linkage_engine.catalogue.data_sets import Field, FieldType, Tidy
from linkage_engine.validate.sql import literal

_WRITTEN = {FieldType.DATE: "%Y-%m-%d", FieldType.YEAR: "%Y"}


def translated(value: str, codes: Mapping[str, str], fold: str = "") -> str:
    """Texts as their codes; `fold` is a function of SQL by which both sides are compared."""
    if not codes:
        return value
    cases = " ".join(f"WHEN {fold}({literal(theirs)}) THEN {literal(ours)}" for theirs, ours in codes.items())
    return f"CASE {fold}({value}) {cases} ELSE {value} END"


def catalogued(value: str, field: Field, *, date_format: str) -> str:
    """A value tidied as its field says, and dates in the catalogue's form."""
    if field.tidy is not Tidy.NONE:
        value = f"upper({value})"
    if field.tidy is Tidy.ICD10:
        value = f"replace({value}, '.', '')"
    if field.type in _WRITTEN:
        value = reread(value, date_format, _WRITTEN[field.type])
    return value


def reread(value: str, read_as: str, written_as: str) -> str:
    """A date in another form; what is no date stays as it is, for the checks to find."""
    day = f"try_strptime({value}, {literal(read_as)})"
    return f"coalesce(strftime({day}, {literal(written_as)}), {value})"
