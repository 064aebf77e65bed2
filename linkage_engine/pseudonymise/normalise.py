"""One spelling for each identifier, or nothing where the text cannot be one."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from operator import mul

_LETTERS = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H", "\u0131": "I"}
)
_TITLES = frozenset(
    {"MR", "MRS", "MS", "MISS", "MX", "DR", "PROF", "PROFESSOR", "REV", "REVD", "SIR", "DAME", "LADY", "LORD"}
)
_SUFFIXES = frozenset({"JR", "JNR", "SR", "SNR", "JUNIOR", "SENIOR", "II", "III", "OBE", "MBE"})
_NOT_NAMES = frozenset(
    {
        "UNKNOWN",
        "NOTKNOWN",
        "NK",
        "UNK",
        "NA",
        "NONE",
        "NULL",
        "TEST",
        "ANON",
        "ANONYMOUS",
        "WITHHELD",
        "BABY",
    }
    | {"INFANT", "MALE", "FEMALE", "TWIN", "XX", "XXX"}
)
_PLACEHOLDER_DATES = frozenset({"1900-01-01", "1901-01-01", "1899-12-30", "1899-12-31"})
_EARLIEST_YEAR, _LATEST_YEAR = 1860, 2200
_DATE = re.compile(r"(\d{4})(-?)(\d{2})\2(\d{2})", re.ASCII)
_UK_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")
_OTHER_POSTCODE = re.compile(r"[0-9]{4,9}")
_SEXES = {"M": "1", "MALE": "1", "F": "2", "FEMALE": "2"}
_GAPS = re.compile(r"[\s-]")
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_CHECK_MODULUS = 11
_WEIGHTS = tuple(range(10, 0, -1))
_WEIGHT_OF_NOUGHTS = ord("0") * sum(_WEIGHTS)
_STREET_WORDS = {
    "ST": "STREET", "RD": "ROAD", "AVE": "AVENUE", "AV": "AVENUE", "LN": "LANE", "CL": "CLOSE", "DR": "DRIVE",
    "CT": "COURT", "GDNS": "GARDENS", "CRES": "CRESCENT", "PL": "PLACE", "SQ": "SQUARE", "TER": "TERRACE",
}  # fmt: skip


def nhs_number(text: str) -> str | None:
    """Ten digits whose last is the modulus 11 check digit (NHS Data Dictionary: NHS NUMBER).

    One digit ten times passes the check, but is a placeholder.
    """
    digits = _GAPS.sub("", text)
    if not _TEN_DIGITS.fullmatch(digits) or digits == digits[0] * 10:
        return None
    # The check digit, weighed with one, makes the weighted sum a multiple of eleven; ten has no digit.
    total = sum(map(mul, digits.encode(), _WEIGHTS)) - _WEIGHT_OF_NOUGHTS
    return digits if total % _CHECK_MODULUS == 0 else None


def folded(text: str) -> str:
    """Upper case without accents and ligatures (Unicode NFKD)."""
    upper = text.upper()
    if upper.isascii():
        return upper
    upper = upper.translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", upper) if not unicodedata.combining(c)).upper()


def name(text: str) -> str | None:
    """The words of a name in A to Z, one space between, without titles, suffixes and punctuation.

    Apostrophes join (O'Brien is OBRIEN), other marks separate (Smith-Jones is SMITH JONES).
    """
    joined = re.sub(r"['\u2019\u02bc`.]", "", folded(text))
    words = re.sub(r"[^A-Z]+", " ", joined).split()
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words = words[:-1]
    if not words or "".join(words) in _NOT_NAMES or words[0] in {"BABY", "TWIN"}:
        return None
    return " ".join(words)


def date_of_birth(text: str) -> str | None:
    """An ISO date from an ISO date or YYYYMMDD; nothing for impossible days and well-known placeholders."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[0])
    except ValueError:
        return None
    iso = day.isoformat()
    in_range = _EARLIEST_YEAR <= day.year <= _LATEST_YEAR
    return iso if in_range and iso not in _PLACEHOLDER_DATES else None


def sex(text: str) -> str | None:
    """The NHS Data Dictionary's person stated gender code 1 male, 2 female, 9 indeterminate, 0 not known."""
    code = text.strip().upper()
    code = _SEXES.get(code, code)
    return code if code in {"0", "1", "2", "9"} else None


def postcode(text: str) -> str | None:
    """A UK postcode as outward code, space, inward code; nothing for ZZ99 pseudo-postcodes.

    The all-digit codes of other countries pass as they are.
    """
    code = _GAPS.sub("", text.upper())
    if found := _UK_POSTCODE.fullmatch(code):
        return None if found[1] == "ZZ99" else f"{found[1]} {found[2]}"
    return code if _OTHER_POSTCODE.fullmatch(code) and len(set(code)) > 1 else None


def address(text: str) -> str | None:
    """The words of an address, one space between, its street word written out."""
    words = [_STREET_WORDS.get(word, word) for word in re.sub(r"[^A-Z0-9]+", " ", folded(text)).split()]
    return " ".join(words) or None
