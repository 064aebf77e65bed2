"""Who is not in an answer, as analysis hands it to the gate."""

from __future__ import annotations

import pytest

from linkage_engine.contract.excluded import Exclusion, PersonsBy
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.handed_over import EXCLUDED_AS, excluded_of

FOUND = (PersonsBy(reason=Exclusion.COUNTED, persons=7),)


def test_what_was_handed_over_is_what_is_read() -> None:
    assert excluded_of(EXCLUDED_AS.dump_json(FOUND)) == FOUND


def test_an_answer_from_before_says_nothing_of_it() -> None:
    assert excluded_of(None) == ()


@pytest.mark.parametrize("said", [b"{}", b'[{"reason": "canary", "persons": 1}]', b"[", b'[{"persons": -1}]'])
def test_what_is_none_is_not_trusted(said: bytes) -> None:
    with pytest.raises(NotTrusted) as refusal:
        excluded_of(said)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
    assert "canary" not in str(refusal.value)
