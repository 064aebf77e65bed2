from __future__ import annotations

import pickle  # noqa: TID251 - to show that it is refused
import secrets
from pathlib import Path

import pytest

from linkage_engine.pseudonymise.secret import LinkageSecret
from service.provider.person_keys import PersonKeys, own_secret

OWN = LinkageSecret(bytes(range(32)))
LOCAL_IDS = ["4471", "4472", "4471"]


def keys(own: LinkageSecret = OWN, project: str = "p-1", provider: str = "a-trust") -> list[str]:
    return PersonKeys(own, project_id=project, provider_id=provider).of(LOCAL_IDS)


def test_a_local_id_has_one_key_of_32_digits_in_every_delivery() -> None:
    first, second, again = keys()
    assert first == again != second
    assert keys() == [first, second, again]
    assert all(len(key) == 32 and set(key) <= set("0123456789abcdef") for key in keys())


def test_no_two_projects_providers_or_secrets_have_a_key_in_common() -> None:
    others = [keys(project="p-2"), keys(provider="b-trust"), keys(LinkageSecret(bytes(32)))]
    found = [key for each in (keys(), *others) for key in set(each)]
    assert len(set(found)) == len(found)


def test_keys_for_one_delivery_are_never_the_same() -> None:
    one, other = (PersonKeys.for_one_delivery(secrets.token_bytes).of(LOCAL_IDS) for _ in range(2))
    assert not set(one) & set(other)


def test_the_own_secret_is_made_once(tmp_path: Path) -> None:
    made = own_secret(tmp_path, secrets.token_bytes)
    assert own_secret(tmp_path, secrets.token_bytes).reveal() == made.reveal()


def test_nothing_of_the_secret_is_shown_or_pickled() -> None:
    person_keys = PersonKeys(OWN, project_id="p-1", provider_id="a-trust")
    assert repr(person_keys) == "PersonKeys(withheld)"
    with pytest.raises(TypeError):
        pickle.dumps(person_keys)
