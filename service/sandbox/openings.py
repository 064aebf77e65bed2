"""What a process has to open, of its settings: its own keys and folders, and what programs are made of."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import gettempdir

import sqlalchemy as sa

import service
from service.sandbox.landlock import Openings
from service.settings import ApiSettings, CommonSettings, WorkerSettings

PROGRAMS = tuple(
    map(Path, ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys/devices/system", "/sys/fs/cgroup"))
)
# The last is how a full disk is tried: it keeps nothing and tells nothing, as little as the first.
DEVICES = tuple(map(Path, ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/full")))

POSTGRESQL_PORT = 5432


def openings_of(
    settings: CommonSettings, *, reads: tuple[Path, ...] = (), connects: tuple[int, ...] = ()
) -> Openings:
    """The files that the settings name, the folders that their process writes and the ports it needs.

    Of a key the folder is opened: another key in its place is found there. `reads` and `connects` are what
    is needed besides.
    """
    told = (getattr(settings, name) for name in type(settings).model_fields)
    named = {path for path in told if isinstance(path, Path)}
    writes = {settings.spool, settings.status_folder, Path(gettempdir())}
    url = sa.make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        writes.add(Path(url.database).parent)
    if passwords := url.query.get("passfile"):
        named.add(Path(str(passwords)))
    if url.get_backend_name() == "postgresql" and not (url.host or "").startswith("/"):
        connects += (url.port or POSTGRESQL_PORT,)
    if isinstance(settings, WorkerSettings):
        writes.add(settings.own_folder)
    keys = {path.parent for path in named - writes - {settings.pins} if not path.is_dir()}
    code = {Path(service.__file__).parents[1], Path(sys.prefix), Path(sys.base_prefix)}
    return Openings(
        reads=(*PROGRAMS, *sorted({settings.pins, *reads} | keys | code)),
        writes=(*DEVICES, *sorted(writes)),
        listens=(settings.port,) if isinstance(settings, ApiSettings) else (),
        connects=connects,
    )
