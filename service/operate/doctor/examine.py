"""The whole examination: what does not depend on the database first, then what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from service.keys import Pins
from service.operate.doctor.control import (
    DATABASE,
    examine_database,
    examine_log,
    examine_permits,
    examine_rights,
    examine_work,
)
from service.operate.doctor.exchanges import examine_exchanges, examine_lost_keys
from service.operate.doctor.findings import Finding, State, ill
from service.operate.doctor.keys import PINS, examine_keys
from service.operate.doctor.machine import examine_machine, is_synchronised, read_installation
from service.operate.doctor.vaults import examine_vaults
from service.operate.installation import Home

Sessions = Callable[[], sessionmaker[Session]]


def examine(
    home: Home,
    sessions: Sessions,
    now: datetime,
    *,
    synchronised: Callable[[], bool] = is_synchronised,
) -> Iterator[Finding]:
    """Every finding about an installation, running or not; nothing is changed, and no key is shown."""
    if broken := read_installation(home):
        yield broken
        return
    keys = list(examine_keys(home))
    yield from keys
    yield from examine_exchanges(home)
    yield from examine_vaults(home)
    yield from examine_machine(home, now, synchronised=synchronised)
    if any(each.area == PINS and each.state is State.ILL for each in keys):
        return
    yield from _examine_control(home, sessions, now)


def _examine_control(home: Home, sessions: Sessions, now: datetime) -> Iterator[Finding]:
    pins = Pins.read(home.pins)
    try:
        with sessions()() as session:
            database = list(examine_database(session))
            yield from database
            if all(each.state is State.WELL for each in database):
                if home.read().database_roles:
                    yield from examine_rights(session)
                yield from examine_log(session, pins, now)
                yield from examine_permits(session, pins, now.date())
                yield from examine_work(session, now)
                yield from examine_lost_keys(session, home, pins)
    except SQLAlchemyError:  # its message may quote a value
        yield ill(
            DATABASE,
            "the control database cannot be read",
            "look at the rights of control/ or at the database server; then run this again",
        )
