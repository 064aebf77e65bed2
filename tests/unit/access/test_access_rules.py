"""Permissions as a table, and tokens as texts."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.permit import Role
from service.access.permissions import (
    BY_BROWSER,
    PERMISSIONS,
    SERVICE_ROLES,
    Permission,
    check_permitted,
)
from service.access.tokens import ISSUER, Issuer, assertion_claims, claimed_subject
from service.problems.signing_in import AssertionRefused, KeyNeeded, NotPermitted, NotSignedIn
from service.public_keys import client_key
from service.signed import SigningKey
from tests.factories import Chance, Watch

KEY = SigningKey.generate()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role, permission: Permission) -> None:
    if permission in PERMISSIONS[role]:
        check_permitted(role, permission)
    else:
        with pytest.raises(NotPermitted):
            check_permitted(role, permission)


def test_nobody_asks_and_checks_and_nobody_sends_and_asks() -> None:
    apart = [
        (Permission.QUERY_ASK, Permission.RELEASE_DECIDE),
        (Permission.SUBMISSION_CREATE, Permission.QUERY_ASK),
        (Permission.PROJECT_OPEN, Permission.LOG_EXPORT),
        (Permission.RELEASE_DECIDE, Permission.LOG_READ),
    ]
    for granted in PERMISSIONS.values():
        assert not any({one, other} <= granted for one, other in apart)


def test_roles_that_serve_every_project_neither_send_ask_nor_decide() -> None:
    acts = {
        Permission.SUBMISSION_CREATE,
        Permission.QUERY_ASK,
        Permission.RELEASE_DECIDE,
        Permission.RELEASE_SIGN_OFF,
    }
    assert not any(PERMISSIONS[role] & acts for role in SERVICE_ROLES)


def test_permissions_are_listed_in_order_and_named_subject_colon_act() -> None:
    names = [permission.value for permission in Permission]
    assert names == sorted(names)
    assert all(name.count(":") == 1 for name in names)


def test_a_browser_serves_for_looking_and_for_what_a_passkey_signs_alone() -> None:
    """Listed by hand: a new permission is no browser's unless it is added here."""
    changing = {
        *(Permission.LINKAGE_RUN_ASK, Permission.LINKAGE_SECRET_CREATE, Permission.PREFLIGHT_ASK),
        *(Permission.PROJECT_AMEND, Permission.PROJECT_OPEN, Permission.QUERY_ASK),
        *(Permission.RELEASE_DECIDE, Permission.RELEASE_VETO, Permission.SUBMISSION_CREATE),
        *(Permission.DELIVERY_WITHDRAW, Permission.POLICY_TIGHTEN, Permission.WITHDRAWAL_CREATE),
    }
    assert frozenset(Permission) - changing == BY_BROWSER
    acting = {each for each in BY_BROWSER if not each.endswith((":read", ":export"))}
    assert acting == {Permission.RELEASE_SIGN_OFF}
    for role, permissions in PERMISSIONS.items():
        for permission in permissions & changing:
            check_permitted(role, permission)
            with pytest.raises(KeyNeeded):
                check_permitted(role, permission, by_browser=True)
        with pytest.raises(NotPermitted):
            check_permitted(role, min(frozenset(Permission) - permissions), by_browser=True)


def test_what_is_issued_can_be_read() -> None:
    watch = Watch()
    issuer = Issuer(KEY, "tre-linkage", 300)
    claims = issuer.read(issuer.issue("rosalind", Role.RESEARCHER, clock=watch, random=Chance()), watch())
    assert (claims.iss, claims.sub, claims.role) == (ISSUER, "rosalind", Role.RESEARCHER)
    assert claims.exp - claims.iat == 300


@given(st.text(max_size=200))
def test_no_made_up_text_is_a_token_or_an_assertion(text: str) -> None:
    watch = Watch()
    with pytest.raises(NotSignedIn):
        Issuer(KEY, "tre-linkage", 300).read(text, watch())
    with pytest.raises(AssertionRefused):
        assertion_claims(text, [client_key(KEY.public.model_dump())], audience="tre-linkage", now=watch())


@given(st.text(alphabet='ab.=-_{}"', max_size=60))
def test_looking_for_the_claimed_subject_never_fails_otherwise(text: str) -> None:
    with contextlib.suppress(AssertionRefused):
        assert isinstance(claimed_subject(text), str)


@pytest.mark.parametrize("position", range(3))
def test_a_flipped_character_is_no_token(position: int) -> None:
    watch = Watch()
    issuer = Issuer(KEY, "tre-linkage", 300)
    parts = issuer.issue("rosalind", Role.RESEARCHER, clock=watch, random=Chance()).split(".")
    middle = len(parts[position]) // 2
    letter = "A" if parts[position][middle] != "A" else "B"
    parts[position] = parts[position][:middle] + letter + parts[position][middle + 1 :]
    with pytest.raises(NotSignedIn):
        issuer.read(".".join(parts), watch())
