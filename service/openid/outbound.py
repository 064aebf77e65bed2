"""The only requests that the api makes: to the origins of one identity provider, small, short, not led on."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from service.clock import Clock
from service.openid.registration import Registration, origin_of
from service.problems.signing_in import OrganisationUnreachable
from service.problems.tools import IdentityProviderRefused

LIMIT_BYTES = 1 << 18
TIMEOUT = httpx.Timeout(5.0)
WHOLE = timedelta(seconds=10)
"""How long an answer may take in all, however steadily it drips."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """Asks a provider; redirections are not followed, and proxies of the environment not used."""

    origins: frozenset[str]
    client: httpx.Client
    clock: Clock

    def get(self, address: str) -> bytes:
        """What is there; raises OrganisationUnreachable for any answer but 200."""
        status, body = self._asked("GET", address)
        if status != httpx.codes.OK:
            raise OrganisationUnreachable
        return body

    def post(
        self, address: str, form: Mapping[str, str], auth: tuple[str, str] | None = None
    ) -> tuple[int, bytes]:
        """What is answered to a form; raises OrganisationUnreachable where it is neither 200 nor 4xx."""
        status, body = self._asked("POST", address, form, auth)
        if status != httpx.codes.OK and not httpx.codes.is_client_error(status):
            raise OrganisationUnreachable
        return status, body

    def _asked(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> tuple[int, bytes]:
        if origin_of(address) not in self.origins:
            raise OrganisationUnreachable
        by = self.clock() + WHOLE
        body = bytearray()
        try:
            with self.client.stream(method, address, data=form, auth=auth) as answer:
                for chunk in answer.iter_raw():
                    body += chunk
                    if len(body) > LIMIT_BYTES or self.clock() > by:
                        raise OrganisationUnreachable
        except httpx.HTTPError:
            raise OrganisationUnreachable from None
        self.client.cookies.clear()  # one person's answer says nothing to another's
        return answer.status_code, bytes(body)


def outbound(
    registration: Registration, clock: Clock, transport: httpx.BaseTransport | None = None
) -> Outbound:
    """The way to a provider; raises IdentityProviderRefused where its certificates cannot be read."""
    try:
        trusted = (
            ssl.create_default_context(cafile=registration.certificates)
            if registration.certificates is not None
            else True
        )
    except OSError:
        raise IdentityProviderRefused from None
    client = httpx.Client(
        verify=trusted,
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
        headers={"accept": "application/json", "accept-encoding": "identity"},
        transport=transport,
    )
    return Outbound(registration.origins, client, clock)
