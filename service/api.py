"""tre-api: the HTTP side of the service."""

from __future__ import annotations

import gc
import os
import secrets

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig

from service.access.routes import router as access
from service.audit.guard import guard_sessions
from service.clock import Clock, Randomness, utc_now
from service.database import engine_for, reading_engine, sessions
from service.destructions.routes import router as destructions
from service.destructions.sweeping import sweep_withdrawn
from service.jobs import JobQueue
from service.keys import PeopleKey, Pins, signing_key
from service.linkage_runs.routes import router as linkage_runs
from service.linkage_secrets.routes import router as linkage_secrets
from service.logs import logger
from service.mirror.routes import router as mirror
from service.openid.provider import identity_provider
from service.organisations.routes import public as organisations
from service.pages.routes import router as pages
from service.people.routes import public as signing_in
from service.people.routes import router as people
from service.projects.routes import router as projects
from service.queries.routes import router as queries
from service.releases.by_passkey import router as decisions
from service.releases.routes import router as releases
from service.reviews.routes import public as log
from service.reviews.routes import router as reviews
from service.settings import ApiSettings, settings_for
from service.submissions.routes import router as submissions
from service.uploads.override import MethodOverride
from service.uploads.routes import public as upload_protocol
from service.uploads.routes import router as uploads
from service.uploads.sweeping import sweep_expired, sweep_left
from service.web.answers import SecurityHeaders, answer_problems
from service.web.batches import Batches
from service.web.closed_in import close_in
from service.web.description import RESPONSES, DescribedApp
from service.web.looks import Looking
from service.web.once import Once
from service.web.surroundings import Surroundings
from service.web.throttle import Throttle
from service.withdrawals.routes import router as withdrawals

PUBLIC: tuple[APIRouter, ...] = (access, signing_in, organisations, pages, log, upload_protocol)
"""Routes that need no token."""
PROTECTED: tuple[APIRouter, ...] = (
    people,
    projects,
    linkage_secrets,
    uploads,
    submissions,
    withdrawals,
    linkage_runs,
    destructions,
    queries,
    releases,
    decisions,
    mirror,
    reviews,
)
"""Routes that need a token and a permission."""
GROUP_READS = 0o027
UNOBSERVED = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
"""Else variables of the environment could have the framework send requests and faults elsewhere."""


def described_app() -> FastAPI:
    """The app with its routes and manners, before it is given its surroundings: enough for openapi.yaml."""
    app = DescribedApp(
        title="TRE linkage",
        version="1",
        description="Links pseudonymised health and care records; only controlled tables come out.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses=dict(RESPONSES),
        telemetry=UNOBSERVED,
    )
    for router in (*PUBLIC, *PROTECTED):
        app.include_router(router)
    answer_problems(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(MethodOverride)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def create_app(
    settings: ApiSettings, *, clock: Clock, random: Randomness, strict_logs: bool = False
) -> FastAPI:
    """The app of a machine; `strict_logs` makes a log line with an unknown key an error."""
    url, wait = settings.database_url, settings.database_wait_seconds
    engine = engine_for(url, wait_seconds=wait)
    reading = reading_engine(engine)
    guarded = sessions(engine)
    looking = sessions(engine_for(url, wait_seconds=wait, outlives_power=False))
    guard_sessions(guarded)
    guard_sessions(looking)
    app = described_app()
    app.state.surroundings = Surroundings(
        settings=settings,
        clock=clock,
        random=random,
        sessions=guarded,
        view_sessions=looking,
        read_sessions=sessions(reading),
        looks=Batches(Looking(reading, looking).answer_all),
        jobs=JobQueue(settings.database_url),
        pins=Pins.read(settings.pins),
        token_key=signing_key(settings.token_key),
        people_key=PeopleKey.from_file(settings.people_key) if settings.people_key is not None else None,
        provider=(
            identity_provider(settings.identity_provider, clock=clock, random=random)
            if settings.identity_provider is not None
            else None
        ),
        once=Once(clock()),
        warned={},
        attempts=Throttle(),
        log=logger("api", strict=strict_logs),
    )
    return app


def serve(settings: ApiSettings) -> None:
    """Measure what is open, say so, and answer requests until told to stop."""
    os.umask(GROUP_READS)
    app = create_app(settings, clock=utc_now, random=secrets.token_bytes)
    close_in(settings, utc_now, app.state.surroundings.log)
    sweep_left(app.state.surroundings)
    sweep_expired(app.state.surroundings)
    sweep_withdrawn(app.state.surroundings)
    gc.freeze()  # what is there for good is not looked through with each collection
    # Uvicorn's own log would print the text of exceptions; our handlers say what may be said.
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, log_level="critical")


def main() -> None:
    """Run the api."""
    serve(settings_for(ApiSettings, os.environ))


if __name__ == "__main__":
    main()
