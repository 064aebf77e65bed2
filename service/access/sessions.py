"""Sessions of browsers: a random secret in a cookie that no script and no other site can use."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

from fastapi import Request, Response

from service.access.records import BrowserSession, Principal, Way, browser_session, forget_sessions
from service.act import Act
from service.audit.vocabulary import Action
from service.problems.signing_in import NotSignedIn
from service.settings import ApiSettings
from service.web.origin import check_same_origin
from service.web.surroundings import Surroundings

COOKIE = "__Host-tre-session"
"""The prefix binds it to this very host, to TLS and to every path (RFC 6265bis §4.1.3.2)."""
SECRET_BYTES = 32
SEEN_EVERY = timedelta(seconds=60)
"""How exactly it is known when somebody was last seen: not every look is worth a write."""


def session_digest(secret: str) -> str:
    """What is kept of a cookie: who reads the database cannot sign in with it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_live(began_at: datetime, seen_at: datetime, now: datetime, settings: ApiSettings) -> bool:
    """Whether a session still serves: neither too old nor too long unused."""
    idle = timedelta(seconds=settings.session_idle_seconds)
    whole = timedelta(seconds=settings.session_seconds)
    return now < began_at + whole and now < seen_at + idle


def begin_session(act: Act, principal: Principal, way: Way, settings: ApiSettings) -> str:
    """Sign a person in; the secret for the cookie, which is kept nowhere."""
    now = act.clock()
    forget_sessions(act.session, now - timedelta(seconds=settings.session_seconds))
    secret = base64.urlsafe_b64encode(act.random(SECRET_BYTES)).rstrip(b"=").decode()
    act.session.add(
        BrowserSession(
            secret_sha256=session_digest(secret),
            principal_id=principal.id,
            way=way,
            began_at=now,
            seen_at=now,
        )
    )
    act.enter(Action.SIGN_IN, principal.id, role=principal.role.value, kind=way.value)
    return secret


def end_session(act: Act, found: BrowserSession) -> None:
    """Sign a person out in one browser."""
    act.session.delete(found)
    act.enter(Action.SESSION_END, found.principal_id)


def set_cookie(answer: Response, secret: str) -> None:
    """Have the browser keep the secret until it is closed, and send it to our own pages alone."""
    answer.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="strict")


def clear_cookie(answer: Response) -> None:
    """Have the browser forget the secret."""
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


def signed_in_by_browser(request: Request, here: Surroundings) -> str:
    """The id of the person whose live session the request's cookie names.

    Raises NotSignedIn, and CrossSiteRequest where none of our own pages made the request.
    """
    check_same_origin(request)
    digest = session_digest(request.cookies[COOKIE])
    now = here.clock()
    with here.read_sessions() as session:
        found = browser_session(session, digest)
    if found is None or not is_live(found.began_at, found.seen_at, now, here.settings):
        raise NotSignedIn
    if now - found.seen_at >= SEEN_EVERY:
        with here.view_sessions.begin() as session:
            seen = browser_session(session, digest)
            if seen is not None:  # not signed out meanwhile
                seen.seen_at = now
    return found.principal_id
