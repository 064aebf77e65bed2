"""Enrolling a person by their account at an organisation, and signing them in by it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.access.records import Principal, Way, principal_by_id
from service.act import Act
from service.people.actions import enrolling, finish_enrolment, replace_method
from service.people.passkeys import Passkey
from service.people.records import method_by_identifier
from service.problems.projects import AlreadyRegistered
from service.problems.requests import NotFound
from service.problems.signing_in import PersonNotBound


def enrol(act: Act, link: str, account: str) -> None:
    """Finish an enrolment with the account its person signed in with; raises EnrolmentRefused."""
    principal, enrolment = enrolling(act.session, link, act.clock)
    finish_enrolment(act, principal, enrolment, Way.PROVIDER, Passkey(account, b"", 0))


def bind(act: Act, principal_id: str, account: str) -> None:
    """As the operator: know a person by an account, without a link.

    Raises NotFound for whoever is not registered and live, and AlreadyRegistered for another's account.
    """
    principal = principal_by_id(act.session, principal_id)
    if principal is None or not principal.active:
        raise NotFound
    owner = method_by_identifier(act.session, Way.PROVIDER, account)
    if owner is not None and owner.principal_id != principal.id:
        raise AlreadyRegistered
    replace_method(act, principal, Way.PROVIDER, Passkey(account, b"", 0))


def person_of(session: Session, account: str) -> Principal:
    """The live person who is known by that account, never by an address of mail; raises PersonNotBound."""
    method = method_by_identifier(session, Way.PROVIDER, account)
    principal = principal_by_id(session, method.principal_id) if method is not None else None
    if principal is None or not principal.active:
        raise PersonNotBound
    return principal
