"""docs/DATA-SETS.md: every data set of the catalogue, field by field, with its rules and code lists."""

from __future__ import annotations

from collections.abc import Iterator

from linkage_engine.catalogue.data_sets import (
    CATALOGUE_VERSION,
    DATA_SETS,
    KEPT_BACK,
    DataSet,
    Field,
    code_list,
    data_set,
    kept_back,
)

HEAD = f"""# Data sets

Version {CATALOGUE_VERSION} of the catalogue: what a provider may send, and what its tool keeps back.
Written from `linkage_engine/catalogue/data_set_schemas/` by `make docs`. How to map your files:
[guides/provider.md](guides/provider.md).

**Every value falls into one class**: *Passed: Valid*, *Passed: Blank (Not Mandatory)*,
*Failed: Blank (Mandatory)*, *Failed: Invalid* or *Undetermined*. The rule that decided is one of *required*,
*type*, *pattern*, *list* (not in the code list), *area* (no area of that level), *range*, *unique*, *order*
(two dates the wrong way round), *death* and *birth* (outside of a life), *reference* (names a row that is
not there), *duplicate*, *same_event* (one event told twice) and *identified*.
"""


def dictionary_page() -> str:
    """The page, made of the catalogue alone."""
    lines = [HEAD, *_contents()]
    for name in DATA_SETS:
        lines += _section(data_set(name))
    lines.append("## What stays at the provider\n")
    for name in KEPT_BACK:
        lines += _section(kept_back(name), level="###")
    lines += _lists()
    return "\n".join(lines)


def _contents() -> Iterator[str]:
    yield "| data set | version | fields | of a person and a day |"
    yield "|---|---|---|---|"
    for name in DATA_SETS:
        schema = data_set(name)
        days = ", ".join(f"`{day}`" for day in schema.lifetime)
        yield f"| [`{name}`](#{name}) {schema.title} | {schema.version} | {len(schema.fields)} | {days} |"
    yield ""


def _section(schema: DataSet, level: str = "##") -> Iterator[str]:
    yield f"{level} {schema.name}\n"
    yield f"{schema.title}, version {schema.version}. {schema.description}\n"
    yield f"Source: {schema.source}\n"
    yield "| field | type | must | what |"
    yield "|---|---|---|---|"
    for field in schema.fields:
        must = "yes" if field.constraints.required else ""
        yield f"| `{field.name}` | {field.type} | {must} | {_what(field)} |"
    yield ""
    yield from _rules(schema)


def _what(field: Field) -> str:
    limits = field.constraints
    said = [field.description]
    if field.code_list:
        said.append(f"List [`{field.code_list}`](#{field.code_list}).")
    if field.area_level:
        said.append(f"An area of level `{field.area_level}`.")
    if limits.pattern:
        pattern = limits.pattern.replace("|", "\\|")
        said.append(f"Form `{pattern}`.")
    if limits.minimum is not None:
        said.append(f"From {limits.minimum}.")
    if limits.maximum is not None:
        said.append(f"To {limits.maximum}.")
    return " ".join(said)


def _rules(schema: DataSet) -> Iterator[str]:
    yield f"Once only: {', '.join(f'`{name}`' for name in schema.primary_key)}."
    if schema.order:
        yield f"In order: {'; '.join(f'`{o.earlier}`, `{o.later}`' for o in schema.order)}."
    if schema.same_event:
        yield f"One event, by `{schema.same_event.by}`, is told by:\n"
        for kind, names in schema.same_event.fields.items():
            yield f"- {kind}: {', '.join(f'`{name}`' for name in names)}"
        yield ""
    if schema.may_outlive:
        yield "A day after the death is Undetermined: it may have been booked or sent ahead."
    for key in schema.foreign_keys:
        yield f"{', '.join(f'`{name}`' for name in key.fields)} name a row of `{key.reference.resource}`."
    yield ""


def _lists() -> Iterator[str]:
    every = [*map(data_set, DATA_SETS), *map(kept_back, KEPT_BACK)]
    names = {field.code_list for schema in every for field in schema.fields if field.code_list}
    yield "## Code lists\n"
    for listed in (code_list(name) for name in sorted(names)):
        yield f"### {listed.name}\n"
        yield f"{listed.title}, version {listed.version}. Source: {listed.source}\n"
        yield "| code | meaning |"
        yield "|---|---|"
        yield from (f"| `{code}` | {meaning} |" for code, meaning in listed.codes.items())
        yield ""
