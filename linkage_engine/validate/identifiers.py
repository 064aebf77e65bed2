"""The shape of an identifier part: its person keys and its token columns."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.catalogue.data_sets import PERSON_KEY
from linkage_engine.contract.profiles import COLUMNS, LinkageProfile, column_names
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.tokens import TokenColumn, TokenKind

PERSON_KEY_SHAPE = "^[0-9a-f]{32}$"


def check_identifiers(table: pa.Table, profile: LinkageProfile) -> None:
    """Nothing where the table has the form of an identifier part of the profile.

    `COLUMNS_DIFFER`: other columns, types or list lengths. `PERSON_KEYS_INVALID`: a person key is missing,
    not 32 hexadecimal digits, or there twice.
    """
    names, wanted = tuple(table.column_names), (PERSON_KEY, *column_names(profile))
    if names != wanted:
        missing, unknown = set(wanted) - set(names), set(names) - set(wanted)
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, missing=len(missing), unknown=len(unknown))
    wrong = sum(not _has_form(table.column(column.name), column) for column in COLUMNS[profile])
    if wrong:
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, wrong_form=wrong)
    _check_person_keys(table.column(PERSON_KEY))


def _check_person_keys(keys: pa.ChunkedArray) -> None:
    if keys.type not in (pa.string(), pa.large_string()):
        raise ExtractRejected(RefusalCode.PERSON_KEYS_INVALID, rows=len(keys))
    misshapen = len(keys) - (pc.sum(pc.match_substring_regex(keys, PERSON_KEY_SHAPE)).as_py() or 0)
    repeated = len(keys) - keys.null_count - pc.count_distinct(keys).as_py()
    if misshapen or repeated:
        raise ExtractRejected(RefusalCode.PERSON_KEYS_INVALID, misshapen=misshapen, repeated=repeated)


def _has_form(tokens: pa.ChunkedArray, column: TokenColumn) -> bool:
    """Whether scalars are int64 and lists are null or of the column's length, without nulls inside."""
    if column.kind is not TokenKind.LIST:
        return bool(tokens.type == pa.int64())
    if not (pa.types.is_list(tokens.type) and tokens.type.value_type == pa.int64()):
        return False
    lengths = pc.drop_null(pc.list_value_length(tokens))
    right_lengths = pc.all(pc.equal(lengths, column.length), min_count=0).as_py()
    return bool(right_lengths) and pc.list_flatten(tokens).null_count == 0
