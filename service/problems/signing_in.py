"""Who asks: tokens, keys and rights."""

from __future__ import annotations

from service.problems.problem import Problem


class NotSignedIn(Problem):
    """The request carries no access token that this service can accept."""

    slug, title, status = "not-signed-in", "Not signed in", 401
    remedy = "Get a token at /token with your registered key; tokens live five minutes."


class TokenExpired(Problem):
    """The access token is past its five minutes."""

    slug, title, status = "token-expired", "Token expired", 401
    remedy = "Get a new token at /token; the same key serves."


class AssertionRefused(Problem):
    """The client assertion was not accepted."""

    slug, title, status = "assertion-refused", "Assertion refused", 401
    remedy = (
        "Check that the key is registered and live, that the clock is right, and use each assertion once."
    )


class ProofRefused(Problem):
    """The request carries no proof that it was made by who holds the token's key (RFC 9449)."""

    slug, title, status = "proof-refused", "Proof refused", 401
    remedy = (
        "Send a new DPoP proof with each request, by the key that you proved at /token, for this method and "
        "address; check that your clock is right to half a minute."
    )


class NotPermitted(Problem):
    """Your role does not allow this."""

    slug, title, status = "not-permitted", "Not permitted", 403
    remedy = "Ask the operator which role does it; the permit names the people of a project."


class ClientKeyRefused(Problem):
    """This is no public key that a client may be known by."""

    slug, title, status = "client-key-refused", "Client key refused", 422
    remedy = (
        "Give the public half alone, as a JWK: Ed25519, P-384 (ES384), or RSA of 2048 to 4096 bits (RS384; "
        "3072 is better)."
    )


class KeyNeeded(Problem):
    """You are signed in by browser, which serves for reading; this needs your key."""

    slug, title, status = "key-needed", "Key needed", 403
    remedy = "Do it with your command-line tool: it signs with the key that your permit names."


class CrossSiteRequest(Problem):
    """This request did not come from the service's own pages."""

    slug, title, status = "cross-site-request", "Cross-site request", 403
    remedy = "Open the service's own page and try again there; a script sends a token instead of a cookie."


class SignInRefused(Problem):
    """The sign-in was not accepted."""

    slug, title, status = "sign-in-refused", "Sign-in refused", 401
    remedy = (
        "Check your name and that your device's clock is right to half a minute; each code serves once. If "
        "it goes on, ask the operator for a new enrolment link."
    )


class EnrolmentRefused(Problem):
    """The enrolment was not accepted: its link may be used, over or replaced by a newer one."""

    slug, title, status = "enrolment-refused", "Enrolment refused", 401
    remedy = "Check your device's clock and try again; else ask the operator for a new link."


class TooManyAttempts(Problem):
    """There were too many attempts to sign in; this one was not looked at."""

    slug, title, status = "too-many-attempts", "Too many attempts", 429
    remedy = "Wait for the seconds that `retry_after_seconds` says; then try again."


class OrganisationUnreachable(Problem):
    """Your organisation's sign-in did not answer as it should."""

    slug, title, status = "organisation-unreachable", "Organisation unreachable", 503
    remedy = (
        "Try again in a minute, or sign in another way that you enrolled; if it goes on, tell the operator."
    )


class PersonNotBound(Problem):
    """Your organisation says who you are, but nobody is enrolled here with that account."""

    slug, title, status = "person-not-bound", "Person not bound", 401
    remedy = "Ask the operator for an enrolment link, and choose your organisation there."


class SecondFactorMissing(Problem):
    """Your organisation says that you signed in without a second factor."""

    slug, title, status = "second-factor-missing", "Second factor missing", 401
    remedy = "Sign in there again with a second factor, as an app or a security key, and come back."
