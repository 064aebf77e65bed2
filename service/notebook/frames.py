"""Columns of a released table as data frames; each library is imported only where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from service.publication.table_file import STATUS

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Columns = Mapping[str, Sequence[object]]


def as_pandas(columns: Columns, whole: Mapping[str, bool], statuses: Sequence[str]) -> pd.DataFrame:
    """Columns in pandas' nullable types: `Int64` or `Float64` by `whole`, statuses as categories, `string`.

    Raises ModuleNotFoundError where pandas is not installed.
    """
    import pandas as pd  # noqa: PLC0415  # not everybody has it

    def kind(name: str) -> Any:  # noqa: ANN401  # a type of pandas by name or by value
        if name in whole:
            return "Int64" if whole[name] else "Float64"
        return pd.CategoricalDtype(list(statuses)) if _is_status(name, whole) else "string"

    return pd.DataFrame({name: pd.Series(values, dtype=kind(name)) for name, values in columns.items()})


def as_polars(columns: Columns, whole: Mapping[str, bool], statuses: Sequence[str]) -> pl.DataFrame:
    """Columns in polars' types: `Int64` or `Float64` by `whole`, statuses as `Enum`, else `String`.

    Raises ModuleNotFoundError where polars is not installed.
    """
    import polars as pl  # noqa: PLC0415  # not everybody has it

    def kind(name: str) -> Any:  # noqa: ANN401  # a type of polars, or a value of one
        if name in whole:
            return pl.Int64 if whole[name] else pl.Float64
        return pl.Enum(statuses) if _is_status(name, whole) else pl.String

    return pl.DataFrame(dict(columns), schema={name: kind(name) for name in columns})


def _is_status(name: str, whole: Mapping[str, bool]) -> bool:
    return name.endswith(STATUS) and name.removesuffix(STATUS) in whole
