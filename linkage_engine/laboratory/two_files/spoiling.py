"""How a text is spoilt between a person and a file: keys, ears, eyes, forms and habits."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date

from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.names import other_forms

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
SEEN_AS = {
    "0": "o", "1": "l", "5": "s", "8": "b", "2": "z", "o": "0", "l": "1", "s": "5", "b": "8", "m": "rn",
    "d": "cl", "w": "vv", "i": "j", "e": "c", "u": "v", "h": "li", "g": "q", "n": "ri", "6": "b", "9": "g",
}  # fmt: skip
SOUNDS_LIKE = (
    ("ph", "f"), ("ff", "f"), ("f", "ph"), ("ck", "k"), ("c", "k"), ("k", "c"), ("qu", "kw"), ("x", "ks"),
    ("sh", "sch"), ("ee", "ea"), ("ea", "i"), ("i", "y"), ("y", "ie"), ("ey", "y"), ("oo", "u"), ("ou", "ow"),
    ("ow", "au"), ("ae", "e"), ("a", "e"), ("e", "a"), ("o", "u"), ("gh", ""), ("h", ""), ("tt", "t"),
    ("t", "tt"), ("ll", "l"), ("l", "ll"), ("nn", "n"), ("n", "nn"), ("ss", "s"), ("z", "s"), ("v", "w"),
    ("w", "v"), ("dg", "g"), ("j", "g"), ("wr", "r"),
)  # fmt: skip
"""What is heard, and what is written for it."""
SHORT = 3


def spoilt_name(dice: Dice, name: str) -> str:
    """A given or family name with one fault of any kind; one letter alone stays."""
    if len(name) < 2:  # noqa: PLR2004 - nothing to spoil in one letter
        return name
    return dice.draw(_NAME_FAULTS)(dice, name)


def spoilt_word(dice: Dice, text: str) -> str:
    """Any other text with one slip of the finger or the eye."""
    return dice.draw(_SLIPS)(dice, text) if len(text) > 1 else text


def spoilt_date(dice: Dice, iso: str) -> str:
    """A date of birth, ISO, with one fault: a digit, an exchange, a neighbour, a stand-in."""
    return dice.draw(_DATE_FAULTS)(dice, date.fromisoformat(iso)).isoformat()


def spoilt_postcode(dice: Dice, code: str) -> str:
    """A postcode with one sign wrong, letters for letters and digits for digits, or two exchanged."""
    at = dice.between(0, len(code) - 1)
    sign = code[at]
    if sign == " " or dice.chance(0.25):
        return _transposed(dice, code)
    other = dice.pick("0123456789" if sign.isdigit() else "ABDEFGHJLNPQRSTUWXYZ")
    return code[:at] + other + code[at + 1 :]


def spoilt_number(dice: Dice, digits: str) -> str:
    """A number with a digit wrong or two exchanged; a check digit may or may not find it."""
    if dice.chance(0.4):
        return _transposed(dice, digits)
    at = dice.between(0, len(digits) - 1)
    return digits[:at] + dice.pick("0123456789") + digits[at + 1 :]


def other_sex(dice: Dice, sex: str) -> str:
    """The other of two codes, or not known."""
    return "9" if dice.chance(0.1) else {"1": "2", "2": "1"}[sex]


def _replaced(dice: Dice, text: str) -> str:
    at = dice.between(0, len(text) - 1)
    return text[:at] + dice.pick(LETTERS) + text[at + 1 :]


def _beside(dice: Dice, text: str) -> str:
    at = dice.between(0, len(text) - 1)
    row = next((row for row in ROWS if text[at].lower() in row), None)
    if row is None:
        return _replaced(dice, text)
    place = row.index(text[at].lower())
    return (
        text[:at] + row[place - 1 if place and dice.chance(0.5) else (place + 1) % len(row)] + text[at + 1 :]
    )


def _left_out(dice: Dice, text: str) -> str:
    at = dice.between(0, len(text) - 1)
    return text[:at] + text[at + 1 :]


def _put_in(dice: Dice, text: str) -> str:
    at = dice.between(0, len(text))
    return text[:at] + dice.pick(LETTERS) + text[at:]


def _twice(dice: Dice, text: str) -> str:
    at = dice.between(0, len(text) - 1)
    return text[:at] + text[at] + text[at:]


def _transposed(dice: Dice, text: str) -> str:
    at = dice.between(0, len(text) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _misread(dice: Dice, text: str) -> str:
    return _rewritten(dice, text, tuple(SEEN_AS.items()))


def _misheard(dice: Dice, text: str) -> str:
    return _rewritten(dice, text, SOUNDS_LIKE)


def _rewritten(dice: Dice, text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    lower = text.lower()
    fitting = [pair for pair in pairs if pair[0] in lower]
    if not fitting:
        return _replaced(dice, text)
    old, new = dice.pick(fitting)
    at = lower.index(old)
    return text[:at] + new + text[at + len(old) :]


def _two_slips(dice: Dice, text: str) -> str:
    return spoilt_word(dice, spoilt_word(dice, text))


def _cut_short(dice: Dice, text: str) -> str:
    return text[: max(SHORT, len(text) - dice.between(1, 4))]


def _initial(_: Dice, text: str) -> str:
    return text[0]


def _familiar(dice: Dice, text: str) -> str:
    forms = other_forms().get(text, ())
    return dice.pick(forms) if forms else _misheard(dice, text)


def _half(dice: Dice, text: str) -> str:
    parts = text.replace("-", " ").split()
    return dice.pick(parts) if len(parts) > 1 else _misheard(dice, text)


def _exchanged(dice: Dice, born: date) -> date:
    return born.replace(month=born.day, day=born.month) if born.day <= 12 else _day(dice, born)  # noqa: PLR2004


def _year(dice: Dice, born: date) -> date:
    return _valid(born.year + dice.pick((-10, -9, -2, -1, -1, 1, 1, 2, 9, 10)), born.month, born.day)


def _month(dice: Dice, born: date) -> date:
    return _valid(born.year, dice.between(1, 12), born.day)


def _day(dice: Dice, born: date) -> date:
    return _valid(born.year, born.month, dice.between(1, 31))


def _stand_in(dice: Dice, born: date) -> date:
    return born.replace(day=1) if dice.chance(0.5) else born.replace(month=1, day=1)


def _elsewhere(dice: Dice, born: date) -> date:
    return _valid(dice.between(1920, 2020), dice.between(1, 12), dice.between(1, 28))


def _valid(year: int, month: int, day: int) -> date:
    year = max(1901, min(2023, year))
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


_SLIPS: Weighted[Callable[[Dice, str], str]] = Weighted.of(
    {
        _replaced: 2.0,
        _beside: 3.0,
        _left_out: 3.0,
        _put_in: 2.0,
        _twice: 1.5,
        _transposed: 2.5,
        _misread: 2.0,
    }
)
_NAME_FAULTS: Weighted[Callable[[Dice, str], str]] = Weighted.of(
    {
        spoilt_word: 10.0,
        _misheard: 4.0,
        _familiar: 3.0,
        _initial: 1.2,
        _cut_short: 1.0,
        _two_slips: 1.0,
        _half: 1.0,
    }
)
_DATE_FAULTS: Weighted[Callable[[Dice, date], date]] = Weighted.of(
    {_exchanged: 2.0, _year: 3.0, _month: 2.0, _day: 3.0, _stand_in: 1.0, _elsewhere: 1.0}
)
