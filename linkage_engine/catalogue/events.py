"""Kinds of events: from which data set each is read, and by which codes."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib.resources import files

from linkage_engine.contract.query_spec import EventKind
from linkage_engine.contract.value import FieldName, ShortText, Value


class AdmissionMethods(Value):
    """One answer to what an emergency admission is."""

    name: FieldName
    title: ShortText
    codes: tuple[str, ...]


class CountedEvent(Value):
    """A kind of event, and what makes a row of its data set one."""

    kind: EventKind
    title: ShortText
    data_set: FieldName
    classifications: tuple[str, ...] = ()
    """Kinds of stay of a planned admission; of an emergency admission every kind counts."""
    codes: tuple[str, ...] = ()
    """What the one field that tells says: whether an appointment was kept, or of what kind an entry is."""
    event_type: str | None = None
    """Of an event in social care."""
    service_types: tuple[str, ...] = ()
    """Kinds of support of a service in social care; without any every kind counts."""


class Events(Value):
    """One version of the list."""

    name: FieldName
    version: str
    title: ShortText
    source: ShortText
    admission_methods: tuple[AdmissionMethods, ...]
    """The first is the default; the others say how much the answer hangs on it."""
    elective_methods: tuple[str, ...]
    """Codes of planned admissions."""
    kinds: tuple[CountedEvent, ...]

    def methods(self, name: str) -> AdmissionMethods | None:
        """The set of emergency admission methods of that name, or nothing."""
        return next((methods for methods in self.admission_methods if methods.name == name), None)

    def of(self, kinds: Collection[EventKind]) -> tuple[CountedEvent, ...]:
        """These kinds of events, in the list's order."""
        return tuple(each for each in self.kinds if each.kind in kinds)

    def data_sets(self, kinds: Collection[EventKind]) -> tuple[str, ...]:
        """The data sets that events of these kinds are read from, each once."""
        return tuple(dict.fromkeys(each.data_set for each in self.of(kinds)))


@cache
def events() -> Events:
    """The kinds of events that can be asked about."""
    text = (files("linkage_engine.catalogue") / "events.json").read_text(encoding="utf-8")
    return Events.model_validate_json(text)
