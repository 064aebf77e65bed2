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
