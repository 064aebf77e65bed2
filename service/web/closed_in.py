"""The api closes itself in before it answers anybody, and says what is open all the same."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from structlog.typing import FilteringBoundLogger

import service
from service.clock import Clock
from service.openid.registration import Registration, read_registration
from service.sandbox.apply import apply_sandbox
from service.sandbox.filter import Profile
from service.sandbox.landlock import Openings
from service.sandbox.measure import measure
from service.sandbox.openings import openings_of
from service.sandbox.status import write_status
from service.settings import ApiSettings

NAMES_PORT = 53
"""Of servers of names, for answers too long for a datagram (RFC 7766)."""


def close_in(settings: ApiSettings, clock: Clock, log: FilteringBoundLogger) -> None:
    """Put the sandbox on, unless told not to, measure what is still open, and write it to the status folder.

    To be called before there are threads. Raises IdentityProviderRefused for a registration that cannot be
    read.
    """
    asked = read_registration(settings.identity_provider) if settings.identity_provider is not None else None
    profile = Profile.API if asked is None else Profile.API_AND_PROVIDER
    missed = apply_sandbox(profile, openings(settings, asked)) if settings.sandbox else ()
    isolation = measure(
        profile,
        forbidden=settings.closed_paths(),
        unwritable={"the code": Path(service.__file__).parent, **settings.unwritable_paths()},
    )
    log.info("isolation", isolation=isolation.state.value, open=[*isolation.unmeant, *missed])
    write_status(
        settings.status_folder,
        "api",
        isolation=isolation.state.value,
        opened=isolation.unmeant,
        clock=clock,
    )


def openings(settings: ApiSettings, asked: Registration | None) -> Openings:
    """What the api has to open, with the files and ports of the identity provider that it asks."""
    if asked is None:
        return openings_of(settings)
    files = (asked.credential, asked.document, asked.keys, asked.certificates)
    ports = {urlsplit(origin).port for origin in asked.origins} | {NAMES_PORT}
    return openings_of(
        settings,
        reads=tuple(path for path in files if path is not None),
        connects=tuple(sorted(port for port in ports if port is not None)),
    )
