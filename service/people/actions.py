"""Opening and finishing an enrolment, and signing a person in."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from linkage_engine.contract.permit_parts import Passkey as Named
from service.access.records import Principal, Way, end_sessions_of, principal_by_id
from service.act import Act
from service.audit.vocabulary import Action
from service.clock import Clock
from service.database import ReadSession
from service.keys import PeopleKey
from service.people import passkeys, rules
from service.people.passkeys import AnswerRefused, Passkey, Place
from service.people.records import (
    Enrolment,
    SignInMethod,
    enrolment_by_link,
    method_by_identifier,
    method_of,
    wrong_codes,
)
from service.problems.requests import NotFound
from service.problems.signing_in import EnrolmentRefused, SignInRefused
from service.web.once import Once

LINK_BYTES = 32
SIGN_IN = "sign-in"


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in is done with: the key, which challenges were answered, where, and the time."""

    key: PeopleKey
    once: Once
    place: Place
    clock: Clock


def open_enrolment(act: Act, principal_id: str, *, hours: int) -> str:
    """A link that lets a person enrol once, and voids the one before; it is kept as a digest.

    Raises NotFound for whoever is not registered and live.
    """
    principal = principal_by_id(act.session, principal_id)
    if principal is None or not principal.active:
        raise NotFound
    link = base64.urlsafe_b64encode(act.random(LINK_BYTES)).rstrip(b"=").decode()
    act.session.merge(
        Enrolment(
            principal_id=principal.id,
            link_sha256=rules.link_digest(link),
            expires_at=rules.expiry(act.clock(), hours),
            used=False,
        )
    )
    act.enter(Action.ENROLMENT_OPEN, principal.id, role=principal.role.value, seconds=hours * 3600)
    return link


def enrolling(session: Session | ReadSession, link: str, clock: Clock) -> tuple[Principal, Enrolment]:
    """The person whom a link is for; raises EnrolmentRefused where it is used, over, replaced or unknown."""
    found = enrolment_by_link(session, rules.link_digest(link))
    principal = principal_by_id(session, found.principal_id) if found is not None else None
    if found is None or principal is None or not principal.active:
        raise EnrolmentRefused
    if not rules.is_open(found.expires_at, clock(), used=found.used):
        raise EnrolmentRefused
    return principal, found


def totp_secret(key: PeopleKey, link_sha256: str) -> bytes:
    """The secret of the authenticator that is enrolled with a link: it follows from it, kept nowhere."""
    return key.mac("totp", bytes.fromhex(link_sha256))[: rules.SECRET_BYTES]


def user_handle(key: PeopleKey, principal_id: str) -> bytes:
    """What a passkey knows its owner by, which tells nobody who that is."""
    return key.mac("user", principal_id.encode())


def enrol_authenticator(act: Act, link: str, code: str, key: PeopleKey) -> None:
    """Finish an enrolment with an authenticator app that shows the right code; raises EnrolmentRefused."""
    principal, enrolment = enrolling(act.session, link, act.clock)
    secret = totp_secret(key, enrolment.link_sha256)
    step = rules.accepted_step(secret, code, now=act.clock(), last=0)
    if step is None:
        raise EnrolmentRefused
    finish_enrolment(act, principal, enrolment, Way.AUTHENTICATOR, Passkey(enrolment.link_sha256, b"", step))


def enrol_passkey(act: Act, link: str, answer: dict[str, Any], door: Door) -> None:
    """Finish an enrolment with a passkey that was made for it; raises EnrolmentRefused."""
    principal, enrolment = enrolling(act.session, link, act.clock)
    try:
        challenge = _our_challenge(answer, enrolment.link_sha256, door)
        made = passkeys.made(answer, challenge, door.place)
    except AnswerRefused:
        raise EnrolmentRefused from None
    finish_enrolment(act, principal, enrolment, Way.PASSKEY, made)


def _our_challenge(answer: dict[str, Any], purpose: str, door: Door) -> bytes:
    challenge = passkeys.challenge_in(answer)
    if not rules.is_challenge(challenge, door.key, purpose, now=door.clock(), once=door.once):
        raise AnswerRefused
    return challenge


def finish_enrolment(act: Act, principal: Principal, enrolment: Enrolment, way: Way, made: Passkey) -> None:
    """Use a link up for what the person signs in with from now on; raises EnrolmentRefused for another's."""
    owner = method_by_identifier(act.session, way, made.identifier)
    if owner is not None and owner.principal_id != principal.id:
        raise EnrolmentRefused
    enrolment.used = True
    replace_method(act, principal, way, made)


def replace_method(act: Act, principal: Principal, way: Way, made: Passkey) -> None:
    """Whatever the person signed in with before serves no more, nor does a browser that is signed in."""
    act.session.merge(
        SignInMethod(
            principal_id=principal.id,
            way=way,
            identifier=made.identifier,
            public_key=made.public_key or None,
            counter=made.counter,
            enrolled_at=act.clock(),
        )
    )
    wrong_codes(act.session, principal.id).count = 0
    end_sessions_of(act.session, principal.id)
    act.enter(Action.ENROLMENT_FINISH, principal.id, role=principal.role.value, kind=way.value)


def passkey_held(session: Session | ReadSession, principal_id: str, *, origin: str) -> Named:
    """A person's passkey as permits name it, for the pages of an origin; raises NotFound."""
    method = method_of(session, principal_id)
    if method is None or method.way is not Way.PASSKEY or method.public_key is None:
        raise NotFound
    return Named(
        credential_id=method.identifier,
        public_key=passkeys.public_key_of(method.public_key),
        host=urlsplit(origin).hostname or "",
        origin=origin,
    )


def by_code(session: Session, principal_id: str, code: str, door: Door) -> Principal | None:
    """The person of that name, if the code is the next one of their authenticator; a wrong one is counted."""
    method = method_of(session, principal_id)
    principal = principal_by_id(session, principal_id)
    if method is None or method.way is not Way.AUTHENTICATOR or principal is None or not principal.active:
        return None
    wrong = wrong_codes(session, principal_id)
    if wrong.count >= rules.MOST_WRONG:
        return None
    secret = totp_secret(door.key, method.identifier)
    step = rules.accepted_step(secret, code, now=door.clock(), last=method.counter)
    if step is None:
        wrong.count += 1
        return None
    wrong.count, method.counter = 0, step
    return principal


def by_passkey(session: Session, answer: dict[str, Any], door: Door) -> Principal:
    """The person whose passkey answered our challenge; raises SignInRefused, and never says why."""
    try:
        challenge = _our_challenge(answer, SIGN_IN, door)
        identifier = passkeys.text(passkeys.octets(str(answer.get("rawId", ""))))
        method = method_by_identifier(session, Way.PASSKEY, identifier)
        principal = principal_by_id(session, method.principal_id) if method is not None else None
        if method is None or principal is None or not principal.active:
            raise SignInRefused
        known = Passkey(method.identifier, method.public_key or b"", method.counter)
        method.counter = passkeys.used(answer, challenge, door.place, known)
    except AnswerRefused:
        raise SignInRefused from None
    return principal
