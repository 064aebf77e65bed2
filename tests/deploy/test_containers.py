"""The images and the compose file, read as what they are: nothing here starts a container."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.jobs import WorkerRole
from service.operate.folders import PROCESSES, groups_of, user_of

INSIDE_ONLY = {"duckdb", "splink", "pyarrow", "pandas", "numpy", "scipy"}
SHARED = {"/srv/tre/pins.json:ro", "/srv/tre/control", "/srv/tre/spool", "/srv/tre/status"}
ZONES = {"outside": "api", "inside": "worker", "provider": "provider"}


@pytest.fixture(scope="module")
def deploy(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / "deploy"


@pytest.fixture(scope="module")
def services(deploy: Path) -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load((deploy / "compose.yaml").read_text())["services"])


def mounts(service: dict[str, Any]) -> set[str]:
    """What a service sees, by its path inside, which is the same outside."""
    seen = set()
    for volume in service["volumes"]:
        outside, inside, *how = volume.split(":")
        assert outside == inside
        seen.add(":".join([inside, *how]))
    return seen


def packages(deploy: Path, name: str) -> set[str]:
    text = (deploy.parent / "requirements" / f"{name}.txt").read_text()
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def test_all_five_are_there_and_nothing_else_runs(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if "profiles" not in service} == set(PROCESSES)


@pytest.mark.parametrize("role", [role.value for role in WorkerRole])
def test_a_worker_has_no_network(role: str, services: dict[str, dict[str, Any]]) -> None:
    assert services[role]["network_mode"] == "none"
    assert "ports" not in services[role]
    assert services[role]["command"] == [role]


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_has_its_own_user_and_no_rights(process: str, services: dict[str, dict[str, Any]]) -> None:
    service = services[process]
    assert service["user"] == "{}:{}".format(*user_of(process))
    assert service.get("group_add", []) == [str(gid) for gid in groups_of(process)]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["env_file"] == f"environment/{process}.env"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_sees_its_own_keys_and_vault_alone(
    process: str, services: dict[str, dict[str, Any]]
) -> None:
    own = {f"/srv/tre/keys/{process}:ro"} | ({f"/srv/tre/vault/{process}"} if process != "api" else set())
    assert mounts(services[process]) == SHARED | own


def test_only_the_api_is_reached_and_from_this_machine_alone(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["api"]
    assert services["api"]["ports"] == ["127.0.0.1:8700:8700"]


@pytest.mark.parametrize(("zone", "requirements"), ZONES.items())
def test_an_image_installs_by_hash_and_does_not_run_as_root(
    zone: str, requirements: str, deploy: Path
) -> None:
    text = (deploy / "containers" / f"{zone}.Dockerfile").read_text()
    assert f"--require-hashes -r requirements/{requirements}.txt" in text
    for line in text.replace("\\\n", " ").splitlines():
        for step in re.findall(r"pip install[^&]*", line):
            assert "--require-hashes" in step or "--no-deps /dist/" in step
        assert not re.search(r"curl|wget|apt-get|^ADD ", line)
    users = re.findall(r"^USER (\d+):", text, re.MULTILINE)
    assert users
    assert "0" not in users


def test_the_apis_image_holds_nothing_that_opens_links_or_computes(deploy: Path) -> None:
    assert not packages(deploy, "api") & INSIDE_ONLY
    assert packages(deploy, "worker") > INSIDE_ONLY


def test_a_workers_image_serves_nothing(deploy: Path) -> None:
    assert not packages(deploy, "worker") & {"fastapi", "starlette", "uvicorn"}


@pytest.mark.parametrize("name", ["api", "worker", "provider", "people"])
def test_a_zone_has_the_very_versions_that_are_tested(name: str, deploy: Path) -> None:
    def pins(file: str) -> set[str]:
        text = (deploy.parent / "requirements" / f"{file}.txt").read_text()
        return set(re.findall(r"^([a-z0-9-]+==[^ ;\\]+)", text, re.MULTILINE))

    assert pins(name)
    assert pins(name) <= pins("dev")
