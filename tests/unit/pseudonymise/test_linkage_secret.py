from __future__ import annotations

import copy
import pickle  # noqa: TID251 - to show that it is refused

import pytest

from linkage_engine.pseudonymise.secret import LinkageSecret, derived_key, key_check

ONE = LinkageSecret(bytes(range(32)))


def test_the_secret_is_not_in_its_text() -> None:
    assert "withheld" in repr(ONE)
    assert ONE.reveal().hex() not in repr(ONE) + str(ONE)


def test_the_secret_cannot_be_pickled_or_copied() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(ONE)
    with pytest.raises(TypeError):
        copy.copy(ONE)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_secret_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        LinkageSecret(bytes(size))


def test_a_new_secret_is_what_the_source_gave() -> None:
    assert LinkageSecret.generate(lambda size: b"\x07" * size).reveal() == b"\x07" * 32


def test_the_key_check_is_the_same_for_the_same_secret_project_and_epoch() -> None:
    assert key_check(ONE, "cancer-2026", 1) == key_check(LinkageSecret(bytes(range(32))), "cancer-2026", 1)
    assert len(key_check(ONE, "cancer-2026", 1)) == 16


def test_the_key_check_tells_secrets_projects_and_epochs_apart() -> None:
    other = LinkageSecret(bytes(32))
    checks = {key_check(s, p, e) for s in (ONE, other) for p in ("one", "two") for e in (1, 2)}
    assert len(checks) == 8


def test_labels_that_join_to_one_text_give_different_keys() -> None:
    keys = {
        derived_key(ONE, project_id=project, epoch=1, label=label, size=16)
        for project, label in [("p", ("ab", "c")), ("p", ("a", "bc")), ("p", ("abc",)), ("p1", ("ab", "c"))]
    }
    assert len(keys) == 4
