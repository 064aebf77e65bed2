"""The environment examples are what the installation gives its processes, and nothing else."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from service.jobs import WorkerRole
from service.operate.folders import PROCESSES
from service.operate.installation import Home, Installation, create, environment
from service.settings import ApiSettings, CommonSettings, settings_for
from service.worker.duties import settings_of

FORMS: dict[str, type[CommonSettings]] = {"api": ApiSettings} | {r.value: settings_of(r) for r in WorkerRole}
PLACE = "/srv/tre"


def variables(path: Path) -> dict[str, str]:
    """Read an environment file as systemd and compose do: NAME="value" lines and comments."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name: value.strip('"') for name, value in (line.split("=", 1) for line in lines)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("installation") / "home")
    create(made, Installation(port=8700, separate_users=False), random=secrets.token_bytes)
    return made


@pytest.mark.parametrize("process", PROCESSES)
def test_an_example_is_what_the_installation_would_give(
    process: str, home: Home, pytestconfig: pytest.Config
) -> None:
    example = variables(pytestconfig.rootpath / "deploy" / "environment" / f"{process}.env")
    given = {name: value.replace(str(home.root), PLACE) for name, value in environment(home, process).items()}
    assert example == given


@pytest.mark.parametrize("process", PROCESSES)
def test_an_example_is_taken_by_its_process_and_refused_by_every_other(
    process: str, pytestconfig: pytest.Config
) -> None:
    example = variables(pytestconfig.rootpath / "deploy" / "environment" / f"{process}.env")
    assert settings_for(FORMS[process], example).spool == Path(PLACE) / "spool"
    for other in set(PROCESSES) - {process}:
        with pytest.raises(Exception, match=r"TRE_|validation error"):
            settings_for(FORMS[other], example)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_told_of_other_keys_only_that_it_must_not_open_them(
    process: str, pytestconfig: pytest.Config
) -> None:
    example = variables(pytestconfig.rootpath / "deploy" / "environment" / f"{process}.env")
    closed = example.pop("TRE_FORBIDDEN_PATHS")
    for other in set(PROCESSES) - {process}:
        assert f"{PLACE}/keys/{other}" in closed
        private = (f"/keys/{other}/", f"/vault/{other}/")
        assert not any(place in f"{value}/" for value in example.values() for place in private)
