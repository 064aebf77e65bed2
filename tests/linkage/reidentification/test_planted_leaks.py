"""The attack finds leaks that are put in on purpose, and finds nothing where nothing is."""

from __future__ import annotations

import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.reidentification.evaluate import evaluate_reidentification
from linkage_engine.laboratory.reidentification.people import People, of_england
from linkage_engine.laboratory.reidentification.seen import Seen, seen
from tests.linkage.reidentification.planted import (
    RECORDS,
    SEED,
    attacked,
    encoded,
    with_tokens_of_names,
    without_padding,
    without_spellings,
)


@pytest.fixture(scope="module")
def people() -> People:
    return of_england(RECORDS, seed=SEED)


@pytest.fixture(scope="module")
def encodings(people: People) -> Seen:
    return seen(encoded(people.identifiers))


def test_a_token_of_a_name_alone_gives_names_away_by_how_common_they_are(
    people: People, encodings: Seen
) -> None:
    honest = attacked(people, encodings, known=0)["family_name"].beyond
    planted = attacked(people, with_tokens_of_names(people, encodings), known=0)["family_name"].beyond
    assert planted > 0.02 > 2 * honest


def test_lists_that_are_not_padded_give_names_away_and_padded_ones_without_overlap_do_not(
    people: People, encodings: Seen
) -> None:
    """Both have the bare token, so that classes are large enough for a length to choose among names."""
    padded = without_spellings(with_tokens_of_names(people, encodings))
    unpadded = without_padding(people, padded)
    told, hidden = (
        attacked(people, each, known=0, strategy="names")["family_name"].beyond for each in (unpadded, padded)
    )
    assert told > 2 * hidden > 0


def test_known_people_give_dates_away_through_tokens_of_parts_of_dates(
    people: People, encodings: Seen
) -> None:
    found = attacked(people, encodings, known=300)["date_of_birth"]
    assert found.beyond > 0.8
    assert found.strategy == "calendar"


def test_a_few_known_people_teach_the_letters_of_bloom_filters(people: People) -> None:
    filters = seen(encoded(people.identifiers, LinkageProfile.BLOOM))
    found = attacked(people, filters, known=50, strategy="letters of filters")
    assert found["family_name"].beyond > 0.3
    assert found["given_name"].beyond > 0.1


def test_tokens_that_hang_on_no_secret_are_found(people: People) -> None:
    once = encoded(people.identifiers)

    def always_the_same(identifiers: pa.Table) -> pa.Table:
        return once.slice(0, identifiers.num_rows)

    found = evaluate_reidentification(people, always_the_same, profile="tokens", known=(0,), seed=SEED)
    assert found.computable > 0.4


def test_both_controls_hold_and_figures_are_of_every_field(people: People) -> None:
    found = evaluate_reidentification(people, encoded, profile="tokens", known=(0, 100), seed=SEED)
    assert found.controls_hold
    assert found.computable == 0
    assert [attack.known for attack in found.attacks] == [0, 100]
    for attack in found.attacks:
        assert set(attack.fields) == {"family_name", "given_name", "date_of_birth", "postcode", "record"}
        assert all(0 <= score.beyond <= score.named <= 1 for score in attack.fields.values())
    assert found.attacks[1].fields["date_of_birth"].beyond > found.attacks[0].fields["date_of_birth"].beyond
    assert 0 < found.blind["family_name"] < 0.05
