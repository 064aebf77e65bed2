"""Small files without a fault: nobody shares a day of birth, so that all pairs that agree are matches."""

from __future__ import annotations

import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.england.nhs_number import nhs_number
from linkage_engine.link.linking import LinkSettings, link_pair
from tests.linkage.tokens.people import FIELDS, encoded, locked_connection

GIVEN = ("Ada", "Ben", "Cara", "Dan", "Ella", "Finn", "Gwen", "Hugo", "Iris", "Jack")
FAMILY = ("Adams", "Baker", "Clark", "Dixon", "Evans", "Foster", "Green", "Harris", "Irwin", "Jones", "Kelly")


def somebody(number: int) -> dict[str, str]:
    home = f"{1 + number % 9} {1 + number % 9}{'ABDEFGHJLN'[number % 10]}{'PQRSTUWXYZ'[number // 16]}"
    return {
        "nhs_number": nhs_number(number),
        "given_name": GIVEN[number % 10],
        "family_name": FAMILY[number % 11],
        "date_of_birth": f"{1930 + number % 50}-{1 + number % 12:02d}-{1 + (number * 5) % 28:02d}",
        "sex": str(1 + number % 2),
        "postcode": f"AB{home}",
    }


def part_of(numbers: range, *, keys_seed: int) -> tuple[pa.Table, list[str]]:
    people = [somebody(number) for number in numbers]
    columns = {name: pa.array([person.get(name) for person in people], pa.string()) for name in FIELDS}
    return encoded(pa.table(columns), keys_seed=keys_seed)


@pytest.mark.parametrize("step", [2, 5])
def test_files_in_which_only_matches_agree_are_linked(step: int) -> None:
    few, few_keys = part_of(range(0, 160, step), keys_seed=1)
    many, many_keys = part_of(range(160), keys_seed=2)
    found = link_pair(locked_connection(), few, many, settings=LinkSettings(LinkageProfile.TOKENS, seed=1))
    links = set(
        zip(found.pairs["person_key_a"].to_pylist(), found.pairs["person_key_b"].to_pylist(), strict=True)
    )
    true = set(zip(few_keys, many_keys[::step], strict=True))
    assert links <= true
    assert len(links) >= 0.95 * len(true)
    assert found.figures.untrained_comparisons
