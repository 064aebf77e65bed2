"""Mistakes people and machines make when they write a name, a date or a number."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date

from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.names import other_forms

NEIGHBOURS = {
    "a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad",
    "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
"""Letters beside each other on the keyboard."""
MISREAD = (("rn", "m"), ("m", "rn"), ("cl", "d"), ("ll", "u"), ("h", "b"), ("e", "c"), ("u", "v"), ("i", "l"))
HEARD = (
    ("ph", "f"), ("ck", "k"), ("ie", "ei"), ("y", "ie"), ("ou", "u"), ("tt", "t"), ("ll", "l"), ("nn", "n"),
    ("ss", "s"), ("ks", "x"), ("ea", "ee"), ("ai", "ay"), ("c", "k"), ("s", "z"), ("th", "t"), ("mac", "mc"),
    ("e", ""), ("ley", "ly"),
)  # fmt: skip


def misspelt(dice: Dice, text: str) -> str:
    """The text with one mistake; the first letter is seldom touched, as in life."""
    return dice.draw(_KINDS)(dice, text) if len(text) > 2 else text  # noqa: PLR2004 - nothing to mistake in two


def in_everyday_form(dice: Dice, given_name: str) -> str:
    """Bob for Robert, or Robert for Bob; the name itself where it has no other form."""
    forms = other_forms().get(given_name, ())
    return dice.pick(forms) if forms else given_name


def mistaken_birth(dice: Dice, born: date) -> date:
    """A date of birth with one mistake: day and month swapped, a digit of the year, the month or the day."""
    return dice.draw(_BIRTH_KINDS)(dice, born)


def mistyped_number(dice: Dice, digits: str) -> str:
    """Two neighbouring digits swapped, which a modulus 11 check always finds unless they are equal."""
    place = dice.between(0, len(digits) - 2)
    return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]


def _place(dice: Dice, text: str) -> int:
    return dice.between(0 if dice.chance(0.08) else 1, len(text) - 1)


def _substituted(dice: Dice, text: str) -> str:
    place = _place(dice, text)
    beside = NEIGHBOURS.get(text[place].lower(), "e")
    return text[:place] + dice.pick(beside) + text[place + 1 :]


def _omitted(dice: Dice, text: str) -> str:
    place = _place(dice, text)
    return text[:place] + text[place + 1 :]


def _doubled(dice: Dice, text: str) -> str:
    place = _place(dice, text)
    return text[:place] + text[place] + text[place:]


def _inserted(dice: Dice, text: str) -> str:
    place = _place(dice, text)
    return text[:place] + dice.pick("aeiourstln") + text[place:]


def _transposed(dice: Dice, text: str) -> str:
    place = dice.between(1, len(text) - 2)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _from_table(pairs: tuple[tuple[str, str], ...]) -> Callable[[Dice, str], str]:
    def written(dice: Dice, text: str) -> str:
        fitting = [(old, new) for old, new in pairs if old in text[1:].lower()]
        if not fitting:
            return _substituted(dice, text)
        old, new = dice.pick(fitting)
        place = text.lower().index(old, 1)
        return text[:place] + new + text[place + len(old) :]

    return written


def _day_and_month_swapped(dice: Dice, born: date) -> date:
    if born.day > 12 or born.day == born.month:  # noqa: PLR2004 - months of a year
        return _other_day(dice, born)
    return born.replace(month=born.day, day=born.month)


def _other_year(dice: Dice, born: date) -> date:
    step = dice.pick((-10, -2, -1, -1, 1, 1, 2, 10))
    return _valid(max(1905, min(born.year + step, 2024)), born.month, born.day)


def _other_month(dice: Dice, born: date) -> date:
    return _valid(born.year, dice.between(1, 12), born.day)


def _other_day(dice: Dice, born: date) -> date:
    return _valid(
        born.year, born.month, dice.pick((born.day - 1, born.day + 1, born.day - 10, born.day + 10))
    )


def _first_of_january(dice: Dice, born: date) -> date:
    return born.replace(month=1, day=1)


def _valid(year: int, month: int, day: int) -> date:
    return date(year, month, max(1, min(day, calendar.monthrange(year, month)[1])))


_KINDS: Weighted[Callable[[Dice, str], str]] = Weighted.of(
    {
        _substituted: 24.0,
        _omitted: 20.0,
        _doubled: 8.0,
        _inserted: 10.0,
        _transposed: 12.0,
        _from_table(MISREAD): 8.0,
        _from_table(HEARD): 18.0,
    }
)
_BIRTH_KINDS: Weighted[Callable[[Dice, date], date]] = Weighted.of(
    {
        _day_and_month_swapped: 26.0,
        _other_year: 30.0,
        _other_month: 16.0,
        _other_day: 24.0,
        _first_of_january: 4.0,
    }
)
