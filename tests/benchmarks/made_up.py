"""Made-up people in quantity, as two of England's providers have them on file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from linkage_engine.laboratory.england.copies import Copy, practice_copy, trust_copy
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.people import (
    PRACTICE_COPIES,
    TRUST_EXTRACTS,
    Person,
    everybody,
)

SEED = 1
SIDES: dict[str, tuple[int, Callable[[Person, Dice], Copy]]] = {
    "practices": (PRACTICE_COPIES, practice_copy),
    "trust": (TRUST_EXTRACTS, trust_copy),
}
SEXES = {"M": "1", "F": "2"}


def copies(people: int, *, side: str) -> Iterator[tuple[int, Copy]]:
    """Everybody's number and what the provider has on file of them, mistakes included."""
    purpose, copied = SIDES[side]
    for block, persons in everybody(people, seed=SEED):
        dice = Dice(SEED, block=block, purpose=purpose)
        for person in persons:
            yield person.index, copied(person, dice)


def six_fields(copy: Copy) -> dict[str, str]:
    """NHS number, two names, date of birth, sex and postcode; blank where there is none."""
    return {
        "nhs_number": copy.nhs_number or "",
        "given_name": copy.given_name,
        "family_name": copy.family_name,
        "date_of_birth": copy.born.isoformat(),
        "sex": SEXES[copy.sex],
        "postcode": copy.postcode or "",
    }
