"""What a question's dimensions and parameters do to it, as the catalogue declares."""

from __future__ import annotations

from collections.abc import Mapping

from linkage_engine.contract.value import FieldName, Sha256, Value


class AskedRoles(Value):
    """Of one question: what is counted, what says how, and whom it is about."""

    outcomes: Mapping[FieldName, FieldName] = {}
    """For each part the outcome of which it is a count; a part that is not here is its own."""
    dividing: tuple[FieldName, ...] = ()
    """Dimensions that choose what is counted and never who is in a cell: each label is an outcome."""
    counting: tuple[FieldName, ...] = ()
    """Dimensions of which a label changes how an outcome is counted."""
    counted_as: Sha256
    """Of every parameter that changes how an outcome is counted: the same digest, the same outcome."""
    cohort: Sha256 | None = None
    """Of every parameter that filters whom the question is about; nothing where none does."""
