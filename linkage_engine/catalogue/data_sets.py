"""Data set types and code lists of the catalogue, read from their JSON files."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

import pydantic

from linkage_engine.catalogue.definitions.geography import AreaLevel, codes_at
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.value import FieldName, ShortText, Value

CATALOGUE_VERSION = "2026.4"
"""Named in every manifest; changes when a data set or a code list does."""

DATA_SETS = (
    "cancer_registration",
    "gp_registration",
    "death",
    "apc_spell",
    "ecds_attendance",
    "asc_cld_event",
    "cosd_personalised_care",
    "op_attendance",
    "gp_event",
    "community_contact",
    "qol_response",
)
"""The data sets that a provider may send."""

OPT_OUT = "opt_out"
KEPT_BACK = ("person_identity", OPT_OUT)
"""Data sets that a provider's tool reads and that never leave the provider."""

PERSON_KEY = "person_key"
"""The first column of every part."""

EXTRACT_DATE = "extract_date"
"""In an order between dates: the day the extract was taken, which the manifest states."""


class FieldType(StrEnum):
    """Types of Frictionless Table Schema that the catalogue uses."""

    STRING = "string"
    DATE = "date"
    """ISO 8601, year-month-day."""
    INTEGER = "integer"
    YEAR = "year"


class FieldRole(StrEnum):
    """What a field is to a statistician: who it is about, what happened, or only which row."""

    KEY = "key"
    CLASSIFICATION = "classification"
    OUTCOME = "outcome"


class Tidy(StrEnum):
    """How a provider's tool writes a value before it is checked; spaces at the ends always go."""

    NONE = "none"
    UPPER = "upper"
    ICD10 = "icd10"
    """Capitals, without the dot: C50.9 is C509."""


class CodeList(Value):
    """The codes a field may hold, each with its meaning."""

    name: FieldName
    version: str
    title: ShortText
    source: ShortText
    codes: dict[str, str]
    groups: dict[FieldName, tuple[str, ...]] = pydantic.Field(default_factory=dict)
    """Codes that mean one thing together, by the name of what they mean."""


class Constraints(Value):
    """Constraints of Table Schema; a pattern holds for the whole value, limits include their ends."""

    required: bool = False
    pattern: str | None = None
    minimum: date | int | None = None
    maximum: date | int | None = None


class Field(Value):
    """One column of a data set."""

    name: FieldName
    type: FieldType
    role: FieldRole
    title: ShortText
    description: ShortText
    code_list: FieldName | None = pydantic.Field(default=None, alias="codeList")
    area_level: AreaLevel | None = pydantic.Field(default=None, alias="areaLevel")
    """It holds the code of an area of this level."""
    tidy: Tidy = Tidy.NONE
    constraints: Constraints = Constraints()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes it may hold; none where it has no code list."""
        return tuple(code_list(self.code_list).codes) if self.code_list else ()

    @property
    def areas(self) -> tuple[str, ...]:
        """The codes of areas it may hold; none where it holds no area."""
        return codes_at(self.area_level) if self.area_level else ()


class DateOrder(Value):
    """Two dates (or years, or the extract's date) of which one may not come after the other."""

    earlier: FieldName
    later: FieldName


class Reference(Value):
    """A data set, and fields of it."""

    resource: FieldName
    fields: tuple[FieldName, ...]


class ForeignKey(Value):
    """Fields that name a row of another data set of the same delivery, where it has that data set."""

    fields: tuple[FieldName, ...]
    reference: Reference


class SameEvent(Value):
    """Which fields tell whether two rows are one event, by its kind."""

    by: FieldName
    fields: dict[str, tuple[FieldName, ...]]


class DataSet(Value):
    """One type of data."""

    name: FieldName
    version: str
    title: ShortText
    description: ShortText
    source: ShortText
    fields: tuple[Field, ...]
    primary_key: tuple[FieldName, ...] = pydantic.Field(alias="primaryKey")
    order: tuple[DateOrder, ...] = ()
    lifetime: tuple[FieldName, ...] = ()
    """Dates on which the person was alive: not before the birth and not after the death."""
    may_outlive: bool = pydantic.Field(default=False, alias="mayOutlive")
    """Whether a row may be dated after the death without a mistake, as what was booked or sent ahead."""
    same_event: SameEvent | None = pydantic.Field(default=None, alias="sameEvent")
    """Two rows that have these in common are one event, whatever their numbers are."""
    foreign_keys: tuple[ForeignKey, ...] = pydantic.Field(default=(), alias="foreignKeys")
    is_everybody: bool = pydantic.Field(default=False, alias="isEverybody")
    """Whether about everybody is in it, so that being in it says nothing of a person."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns in the order of a part; `person_key` is the first."""
        return tuple(f.name for f in self.fields)

    def field(self, name: str) -> Field | None:
        """The field of that name, or nothing."""
        return next((f for f in self.fields if f.name == name), None)

    @property
    def row_id(self) -> str | None:
        """The field that numbers the rows of one person, where there is one."""
        ids = (f.name for f in self.fields if f.role is FieldRole.KEY and f.name != PERSON_KEY)
        return next(ids, None)


def data_set(name: str) -> DataSet:
    """The data set of that name; an unknown one is `ExtractRejected(UNKNOWN_DATA_SET)`."""
    if name not in DATA_SETS:
        raise ExtractRejected(RefusalCode.UNKNOWN_DATA_SET)
    return _data_set(name)


def kept_back(name: str) -> DataSet:
    """The data set of that name of those that never leave the provider; it is one of `KEPT_BACK`."""
    if name not in KEPT_BACK:
        raise ExtractRejected(RefusalCode.UNKNOWN_DATA_SET)
    return _data_set(name)


@cache
def code_list(name: str) -> CodeList:
    """The code list of that name, which a field of the catalogue gave."""
    return CodeList.model_validate_json(_read("code_lists", name))


@cache
def _data_set(name: str) -> DataSet:
    return DataSet.model_validate_json(_read("data_set_schemas", name))


def _read(folder: str, name: str) -> str:
    return (files("linkage_engine.catalogue") / folder / f"{name}.json").read_text(encoding="utf-8")
