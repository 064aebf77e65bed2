"""The pages of enrolment and of signing in, and what their forms and their script send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import StringConstraints, ValidationError
from sqlalchemy.orm import Session

from linkage_engine.contract.permit import Role
from linkage_engine.contract.value import Value
from service.access.admission import Caller, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.access.records import Principal, Way, browser_session
from service.access.sessions import (
    COOKIE,
    begin_session,
    clear_cookie,
    end_session,
    session_digest,
    set_cookie,
)
from service.audit.vocabulary import Action
from service.keys import fingerprint
from service.people import actions, forms, passkeys, rules
from service.people.actions import SIGN_IN, Door
from service.people.passkeys import Place
from service.problems.problem import faults_of
from service.problems.requests import NotFound, RequestInvalid
from service.problems.signing_in import SignInRefused, TooManyAttempts
from service.web.body import FORM, LimitedRoute, form_fields
from service.web.origin import check_same_origin, own_host, own_origin
from service.web.page import HTML
from service.web.surroundings import Here, Surroundings, Transaction, View

public = APIRouter(tags=["people"], route_class=LimitedRoute)
router = APIRouter(tags=["people"], route_class=SignedInRoute)
PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {HTML: {"schema": {"type": "string"}}}}}
BY_NAME, BY_SOURCE = 5, 30
"""Attempts in a quarter of an hour by one person's name, and from one address."""
SIGNED_IN = "/session"


class Script(Response):
    """A script of ours."""

    media_type = "text/javascript"


class Code(Value):
    """A code of an authenticator app."""

    code: Annotated[str, StringConstraints(pattern=rf"^[0-9]{{{rules.DIGITS}}}$")]


class NamedCode(Code):
    """Who signs in, and the code that their authenticator app shows."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=63)]


class Next(Value):
    """Where to go on."""

    next: str


class SessionShown(Value):
    """Who is signed in."""

    principal_id: str
    name: str
    role: Role
    ends_at: str | None
    """When the browser is signed out at the latest; a program's token says so itself."""


V = TypeVar("V", bound=Value)


def _form(form: type[Value]) -> Mapping[str, Any]:
    schema = {"schema": form.model_json_schema()}
    return {"requestBody": {"required": True, "content": {FORM: schema}}}


async def _named_code(request: Request) -> NamedCode:
    return await _read(request, NamedCode)


async def _code(request: Request) -> Code:
    return await _read(request, Code)


async def _read(request: Request, form: type[V]) -> V:
    check_same_origin(request)
    fields = await form_fields(request)
    try:
        return form.model_validate({name: fields[name] for name in form.model_fields if name in fields})
    except ValidationError as invalid:
        raise RequestInvalid(faults=faults_of(invalid.errors(include_input=False))) from None


async def _door(request: Request, here: Here) -> Door:
    """What signing in is done with; NotFound where this installation has none."""
    if here.people_key is None:
        raise NotFound
    return Door(here.people_key, here.once, Place(own_host(request), own_origin(request)), here.clock)


async def _ours(request: Request) -> None:
    check_same_origin(request)


DoorHere = Annotated[Door, Depends(_door)]
FROM_OUR_PAGES = [Depends(_ours)]


def count_attempt(here: Surroundings, *names: tuple[str, int]) -> None:
    """Count an attempt by each of these names; raises TooManyAttempts."""
    for name, most in names:
        seconds = here.attempts.attempt(name, most, here.clock())
        if seconds:
            raise TooManyAttempts(retry_after_seconds=seconds)


def source(request: Request) -> tuple[str, int]:
    """The address that a request comes from, by which attempts are counted, and how many it may make."""
    return f"source {request.client.host if request.client else ''}", BY_SOURCE


def _passkey_of(session: Session, principal_id: str, request: Request) -> str | None:
    """The fingerprint of a person's passkey."""
    try:
        held = actions.passkey_held(session, principal_id, origin=own_origin(request))
    except NotFound:
        return None
    return fingerprint(held.public_key)


def _begun(here: Surroundings, session: Session, principal: Principal, way: Way) -> str:
    return begin_session(here.act(session, principal.id, principal.role), principal, way, here.settings)


@public.get("/sign-in", response_class=HTMLResponse)
def show_sign_in(door: DoorHere, here: Here) -> HTMLResponse:
    """See how to sign in."""
    return forms.sign_in_page(provider=here.provider is not None)


@public.get(forms.SCRIPT, response_class=Script)
def passkey_script(door: DoorHere) -> Script:
    """Fetch the script that makes and uses passkeys."""
    return Script(forms.SCRIPT_TEXT)


@public.post("/sign-in", status_code=HTTPStatus.SEE_OTHER, openapi_extra=dict(_form(NamedCode)))
def sign_in_by_code(
    asked: Annotated[NamedCode, Depends(_named_code)], request: Request, here: Here, door: DoorHere
) -> Response:
    """Sign in with your name and the code that your authenticator app shows; a code serves once."""
    name = (f"name {asked.name}", BY_NAME)
    count_attempt(here, source(request), name)
    # A transaction of its own: a wrong code is counted, whatever is answered.
    with here.sessions.begin() as session:
        principal = actions.by_code(session, asked.name, asked.code, door)
        secret = _begun(here, session, principal, Way.AUTHENTICATOR) if principal is not None else None
    if secret is None:
        raise SignInRefused
    here.attempts.forget(name[0])
    answer = RedirectResponse(SIGNED_IN, HTTPStatus.SEE_OTHER)
    set_cookie(answer, secret)
    return answer


@public.post("/sign-in/passkey/options", dependencies=FROM_OUR_PAGES)
def passkey_options(here: Here, door: DoorHere) -> dict[str, Any]:
    """Ask what a browser has to sign to sign in with a passkey."""
    challenge = rules.new_challenge(door.key, SIGN_IN, now=here.clock(), random=here.random)
    return passkeys.to_use(challenge, host=door.place.host)


@public.post("/sign-in/passkey", dependencies=FROM_OUR_PAGES)
def sign_in_by_passkey(
    answer: dict[str, Any], request: Request, here: Here, door: DoorHere, session: Transaction
) -> JSONResponse:
    """Sign in with what your passkey answered, as browsers write it (Web Authentication, toJSON)."""
    count_attempt(here, source(request))
    secret = _begun(here, session, actions.by_passkey(session, answer, door), Way.PASSKEY)
    made = JSONResponse(Next(next=SIGNED_IN).model_dump())
    set_cookie(made, secret)
    return made


@public.post("/sign-out", status_code=HTTPStatus.SEE_OTHER, dependencies=FROM_OUR_PAGES)
def sign_out(request: Request, here: Here, session: Transaction) -> Response:
    """Sign out in this browser."""
    found = browser_session(session, session_digest(request.cookies.get(COOKIE, "")))
    if found is not None:
        end_session(here.act(session, found.principal_id), found)
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    clear_cookie(answer)
    return answer


@public.get("/enrol/{link}", response_class=HTMLResponse)
def show_enrolment(link: str, door: DoorHere, here: Here, session: View) -> HTMLResponse:
    """See how to enrol with the link that the operator gave you; looking at it uses nothing up."""
    principal, enrolment = actions.enrolling(session, link, door.clock)
    secret = actions.totp_secret(door.key, enrolment.link_sha256)
    return forms.enrol_page(principal, link, secret, provider=here.provider is not None)


@public.post("/enrol/{link}/authenticator", response_class=HTMLResponse, openapi_extra=dict(_form(Code)))
def enrol_authenticator(
    link: str,
    asked: Annotated[Code, Depends(_code)],
    request: Request,
    here: Here,
    door: DoorHere,
    session: Transaction,
) -> HTMLResponse:
    """Enrol with an authenticator app, by the code that it shows for the key of the page."""
    count_attempt(here, source(request))
    principal, _ = actions.enrolling(session, link, door.clock)
    act = here.act(session, principal.id, principal.role)
    actions.enrol_authenticator(act, link, asked.code, door.key)
    return forms.enrolled_page()


@public.post("/enrol/{link}/passkey/options", dependencies=FROM_OUR_PAGES)
def enrolment_options(link: str, here: Here, door: DoorHere, session: View) -> dict[str, Any]:
    """Ask what a browser has to make a passkey of."""
    principal, enrolment = actions.enrolling(session, link, door.clock)
    challenge = rules.new_challenge(door.key, enrolment.link_sha256, now=here.clock(), random=here.random)
    user = actions.user_handle(door.key, principal.id)
    return passkeys.to_make(
        challenge, host=door.place.host, user=user, name=principal.id, shown=principal.name
    )


@public.post("/enrol/{link}/passkey", dependencies=FROM_OUR_PAGES)
def enrol_passkey(
    link: str, answer: dict[str, Any], here: Here, door: DoorHere, session: Transaction
) -> Next:
    """Enrol with a passkey that your browser has just made, as it writes it."""
    principal, _ = actions.enrolling(session, link, door.clock)
    actions.enrol_passkey(here.act(session, principal.id, principal.role), link, answer, door)
    return Next(next="/sign-in")


@router.get(
    "/session", response_model=SessionShown, responses=dict(PAGE), dependencies=[may(Permission.SESSION_READ)]
)
def show_session(request: Request, here: Here, act: Viewing, principal: Caller) -> Response:
    """See who you are signed in as; in a browser, a page with the way out."""
    found = browser_session(act.session, session_digest(request.cookies.get(COOKIE, "")))
    ends = (
        (found.began_at + timedelta(seconds=here.settings.session_seconds)).isoformat(timespec="minutes")
        if found is not None and request.state.by_browser
        else None
    )
    act.enter(Action.SESSION_READ, principal.id)
    if ends is not None and HTML in request.headers.get("accept", ""):
        return forms.session_page(principal, ends, _passkey_of(act.session, principal.id, request))
    shown = SessionShown(principal_id=principal.id, name=principal.name, role=principal.role, ends_at=ends)
    return JSONResponse(shown.model_dump(mode="json"))
