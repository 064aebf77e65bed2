"""Conditions of a data set as SQL expressions over a relation whose columns are all text."""

from __future__ import annotations

from datetime import date

from linkage_engine.catalogue.data_sets import EXTRACT_DATE, DataSet, Field, FieldType

_FORMS = {
    FieldType.DATE: ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "DATE"),
    FieldType.INTEGER: ("-?[0-9]{1,9}", "INTEGER"),
    FieldType.YEAR: ("[0-9]{4}", "SMALLINT"),
}
"""The shape of a type's text, and DuckDB's name of the type."""


def identifier(name: str) -> str:
    """The name of a column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text constant, quoted; constants come from the catalogue and the manifest, never from a row."""
    return "'" + text.replace("'", "''") + "'"


def trimmed(name: str) -> str:
    """The value of a column without spaces at its ends; blank is null."""
    return f"nullif(trim({identifier(name)}), '')"


def readings(schema: DataSet) -> str:
    """Each field twice, under its name as trimmed text, and as its type, null where it cannot be read.

    Every check reads these two columns, so that a value is trimmed and parsed once.
    """
    columns = []
    for field in schema.fields:
        columns.append(f"{trimmed(field.name)} AS {identifier(field.name)}")
        if field.type is not FieldType.STRING:
            columns.append(f"{_parsed(field)} AS {value_of(field)}")
    return ", ".join(columns)


def value_of(field: Field) -> str:
    """The column of `readings` that has the field's value as its type."""
    return identifier(field.name if field.type is FieldType.STRING else f"{field.name} read")


def _parsed(field: Field) -> str:
    shape, kind = _FORMS[field.type]
    value = trimmed(field.name)
    return f"CASE WHEN {_matches(value, shape)} THEN try_cast({value} AS {kind}) END"


def faults(field: Field) -> list[tuple[str, str]]:
    """Rules of a field in the order they decide: name, and the expression that is true where it fails."""
    limits = field.constraints
    value = value_of(field)
    rules = []
    if field.type is not FieldType.STRING:
        rules.append(("type", f"{value} IS NULL"))
    if limits.pattern is not None:
        rules.append(("pattern", f"NOT {_matches(value, limits.pattern)}"))
    for rule, codes in (("list", field.codes), ("area", field.areas)):
        if codes:
            rules.append((rule, f"{value} NOT IN ({', '.join(map(literal, codes))})"))
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
    value = value_of(field)
    if field.type is FieldType.YEAR:
        value = f"make_date({value}, 1, 1)"
    return f"{identifier(name)} IS NOT NULL", value


def _matches(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, {literal(pattern)})"


def _limit(limit: date | int) -> str:
    return f"DATE {literal(limit.isoformat())}" if isinstance(limit, date) else str(limit)
