"""How a definition is read: a JSON file of this folder, held to the form of its value."""

from __future__ import annotations

from importlib.resources import files

from linkage_engine.contract.value import FieldName, ShortText, Value


class Definition(Value):
    """What every definition says of itself."""

    name: FieldName
    version: str
    title: ShortText
    source: ShortText
    note: ShortText


def shipped(name: str) -> str:
    """The text of the definition of that name, which code gave."""
    return (files("linkage_engine.catalogue.definitions") / f"{name}.json").read_text(encoding="utf-8")
