"""Conditions of a data set as SQL expressions over a relation whose columns are all text."""

from __future__ import annotations

from datetime import date

from linkage_engine.catalogue.data_sets import EXTRACT_DATE, DataSet, Field, FieldType

ISO_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
WHOLE_NUMBER = "-?[0-9]{1,9}"
YEAR = "[0-9]{4}"


def identifier(name: str) -> str:
    """The name of a column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text constant, quoted; constants come from the catalogue and the manifest, never from a row."""
    return "'" + text.replace("'", "''") + "'"


def present(name: str) -> str:
    """The trimmed value of a column; blank is null."""
    return f"nullif(trim({identifier(name)}), '')"


def typed_value(field: Field) -> str:
    """The value as its type: a date, a whole number or text; null where blank or unreadable."""
    value = present(field.name)
    if field.type is FieldType.DATE:
        return f"CASE WHEN {_matches(value, ISO_DATE)} THEN try_cast({value} AS DATE) END"
    if field.type is FieldType.STRING:
        return value
    shape = YEAR if field.type is FieldType.YEAR else WHOLE_NUMBER
    return f"CASE WHEN {_matches(value, shape)} THEN try_cast({value} AS INTEGER) END"


def faults(field: Field) -> list[tuple[str, str]]:
    """Rules of a field in the order they decide: name, and the expression that is true where it fails."""
    limits = field.constraints
    value = typed_value(field)
    rules = []
    if field.type is not FieldType.STRING:
        rules.append(("type", f"{value} IS NULL"))
    if limits.pattern is not None:
        rules.append(("pattern", f"NOT {_matches(value, limits.pattern)}"))
    if field.codes:
        listed = ", ".join(literal(code) for code in field.codes)
        rules.append(("list", f"{value} NOT IN ({listed})"))
    if limits.minimum is not None:
        rules.append(("range", f"{value} < {_limit(limits.minimum)}"))
    if limits.maximum is not None:
        rules.append(("range", f"{value} > {_limit(limits.maximum)}"))
    return rules


def comparable(schema: DataSet, name: str, extract_date: date) -> tuple[str, str]:
    """One side of an order between dates: whether it was given, and its value as a date.

    A year stands for its first day, so that a birth in the year of an event is in order.
    """
    field = schema.field(name)
    if name == EXTRACT_DATE or field is None:
        return "true", _limit(extract_date)
    value = typed_value(field)
    if field.type is FieldType.YEAR:
        value = f"try_cast(lpad(CAST({value} AS VARCHAR), 4, '0') || '-01-01' AS DATE)"
    return f"{present(name)} IS NOT NULL", value


def _matches(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, {literal(pattern)})"


def _limit(limit: date | int) -> str:
    return f"DATE {literal(limit.isoformat())}" if isinstance(limit, date) else str(limit)
