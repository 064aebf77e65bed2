"""The way to an organisation's sign-in and back, for signing in and for enrolling."""

from __future__ import annotations

from html import escape
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from service.access.records import Principal, Way
from service.access.sessions import begin_session, set_cookie
from service.openid.id_token import AnswerRefused, Fault
from service.openid.provider import Attempt, IdentityProvider
from service.organisations import actions, rules
from service.organisations.rules import Journey
from service.people.actions import Door, enrolling
from service.people.forms import enrolled_page
from service.people.routes import FROM_OUR_PAGES, SIGNED_IN, DoorHere, count_attempt, source
from service.people.rules import CHALLENGE_SECONDS
from service.problems.requests import NotFound
from service.problems.signing_in import SecondFactorMissing, SignInRefused
from service.web.body import LimitedRoute
from service.web.origin import own_origin
from service.web.page import page
from service.web.surroundings import Here, Surroundings, View

public = APIRouter(tags=["people"], route_class=LimitedRoute)
COOKIE = "__Host-tre-organisation"
BACK = "/sign-in/provider/answer"
LONGEST = 2048
Said = Annotated[str | None, Query(max_length=LONGEST)]


class Answer(NamedTuple):
    """What the provider has the browser bring back (RFC 6749 §4.1.2, RFC 9207)."""

    state: str
    code: str
    issuer: str | None


async def _provider(here: Here) -> IdentityProvider:
    if here.provider is None:
        raise NotFound
    return here.provider


def _answer(state: Said = None, code: Said = None, iss: Said = None) -> Answer:
    return Answer(state or "", code or "", iss)


ProviderHere = Annotated[IdentityProvider, Depends(_provider)]


@public.post("/sign-in/provider", response_class=HTMLResponse, dependencies=FROM_OUR_PAGES)
def go_to_provider(request: Request, here: Here, door: DoorHere, provider: ProviderHere) -> HTMLResponse:
    """Go to your organisation's sign-in."""
    return _sent(Journey.begin(here.random), request, door, provider, here)


@public.post("/enrol/{link}/provider", response_class=HTMLResponse, dependencies=FROM_OUR_PAGES)
def enrol_with_provider(
    link: str, request: Request, here: Here, door: DoorHere, provider: ProviderHere, session: View
) -> HTMLResponse:
    """Go to your organisation's sign-in, to be known by your account there."""
    enrolling(session, link, door.clock)
    return _sent(Journey.begin(here.random, link), request, door, provider, here)


@public.get(BACK, response_class=HTMLResponse)
def come_back(
    answer: Annotated[Answer, Depends(_answer)],
    request: Request,
    here: Here,
    door: DoorHere,
    provider: ProviderHere,
) -> Response:
    """Come back from your organisation, which sends you here itself."""
    count_attempt(here, source(request))
    journey = Journey.kept(request.cookies.get(COOKIE, ""))
    if not rules.is_state(journey, answer.state, door.key, now=here.clock(), once=here.once):
        raise SignInRefused
    attempt = rules.attempt_of(journey, answer.state, door.key, _address_back(request))
    # Nothing of the database is held while the provider is asked.
    account = _account(provider, answer, attempt, here)
    with here.sessions.begin() as session:
        shown = _enrolled(session, here, journey, account) if journey.link else _in(session, here, account)
    shown.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return shown


def _sent(
    journey: Journey, request: Request, door: Door, provider: IdentityProvider, here: Surroundings
) -> HTMLResponse:
    """A page that goes on by itself: browsers hold `form-action` against a form whose answer leads away."""
    state = rules.new_state(journey, door.key, now=here.clock(), random=here.random)
    address = provider.address_for(rules.attempt_of(journey, state, door.key, _address_back(request)))
    made = _onward("Going to your organisation", address, "Go on to your organisation's sign-in")
    # Another site leads back here, so it cannot be strict; it opens nothing by itself.
    made.set_cookie(
        COOKIE,
        journey.cookie,
        max_age=CHALLENGE_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return made


def _address_back(request: Request) -> str:
    return f"{own_origin(request)}{BACK}"


def _account(provider: IdentityProvider, answer: Answer, attempt: Attempt, here: Surroundings) -> str:
    """Who signed in there, as we know them; why not is told to the machine's log."""
    try:
        provider.check_answer(answer.issuer, answer.code)
        return provider.person(answer.code, attempt)
    except AnswerRefused as refused:
        here.log.warning("sign_in_refused", fault=refused.fault.value)
        missing = refused.fault is Fault.SECOND_FACTOR
        raise (SecondFactorMissing if missing else SignInRefused) from None


def _enrolled(session: Session, here: Surroundings, journey: Journey, account: str) -> HTMLResponse:
    principal, _ = enrolling(session, journey.link, here.clock)
    actions.enrol(here.act(session, principal.id, principal.role), journey.link, account)
    return enrolled_page()


def _in(session: Session, here: Surroundings, account: str) -> HTMLResponse:
    principal: Principal = actions.person_of(session, account)
    act = here.act(session, principal.id, principal.role)
    secret = begin_session(act, principal, Way.PROVIDER, here.settings)
    # From a page of ours, not by a redirection: a strict cookie is not sent where another site led.
    made = _onward("Signed in", SIGNED_IN, "Go on")
    set_cookie(made, secret)
    return made


def _onward(title: str, address: str, label: str) -> HTMLResponse:
    return page(title, f'<p><a href="{escape(address)}">{label}</a></p>', onward=address)
