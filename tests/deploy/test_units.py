"""The units: five processes, closed in as systemd itself measures it, in step with the installation."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.jobs import WorkerRole
from service.operate.folders import FIRST_UID, INSIDE, INSIDE_GID, PROCESSES, user_of
from service.settings import ApiSettings

API, WORKER = "tre-api.service", "tre-worker@.service"
EXPOSURE = re.compile(r"Overall exposure level for \S+: (\d+\.\d)")


@pytest.fixture(scope="module")
def units(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / "deploy" / "systemd"


def settings(unit: Path) -> Iterator[tuple[str, str]]:
    """The `Name=value` lines of a unit."""
    for line in unit.read_text().splitlines():
        if line and line[0] not in "#[":
            name, value = line.split("=", 1)
            yield name, value


def exposure(unit: Path) -> float:
    """How exposed systemd says a unit is: 0 is best, 10 worst."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Unknown" not in done.stderr, done.stderr
    found = EXPOSURE.search(done.stdout)
    assert found, done.stderr
    return float(found[1])


@pytest.mark.outside(tool="systemd-analyze")
def test_a_worker_is_almost_closed(units: Path) -> None:
    assert exposure(units / WORKER) <= 0.5


@pytest.mark.outside(tool="systemd-analyze")
def test_the_api_is_closed_but_for_its_port(units: Path) -> None:
    assert exposure(units / API) <= 1.5


@pytest.mark.outside(tool="systemd-analyze")
def test_a_worker_with_a_network_would_be_noticed(units: Path, tmp_path: Path) -> None:
    weak = tmp_path / WORKER
    weak.write_text((units / WORKER).read_text().replace("PrivateNetwork=yes", "PrivateNetwork=no"))
    assert exposure(weak) > exposure(units / WORKER)


@pytest.mark.outside(tool="systemd-analyze")
def test_systemd_finds_nothing_wrong_but_the_programs_that_are_not_installed_here(units: Path) -> None:
    for unit in (API, WORKER):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(units / unit)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        complaints = [line for line in done.stderr.splitlines() if "is not executable" not in line]
        assert complaints == []


def test_a_worker_has_no_network_and_writes_only_its_own_vault_and_what_is_shared(units: Path) -> None:
    said = dict(settings(units / WORKER))
    assert (said["PrivateNetwork"], said["RestrictAddressFamilies"]) == ("yes", "AF_UNIX")
    assert said["ReadWritePaths"].split() == [
        f"/srv/tre/{name}" for name in ("control", "spool", "status/%i", "vault/%i")
    ]
    assert said["ReadOnlyPaths"].split()[0] == "/srv/tre/keys/%i"


def test_beside_a_cluster_the_unit_opens_addresses_that_are_listed_and_memory_for_java(units: Path) -> None:
    opened = list(settings(units / "tre-worker@linkage.service.d" / "cluster.conf"))
    said = dict(opened)
    assert set(said) == {
        "PrivateNetwork", "RestrictAddressFamilies", "IPAddressDeny", "IPAddressAllow",
        "MemoryDenyWriteExecute", "TasksMax",
    }  # fmt: skip
    assert (said["RestrictAddressFamilies"], said["IPAddressDeny"]) == ("AF_UNIX AF_INET", "any")
    assert ("RestrictAddressFamilies", "") in opened


def test_the_api_may_listen_on_its_own_port_alone(units: Path) -> None:
    said = dict(settings(units / API))
    assert said["SocketBindAllow"] == f"ipv4:tcp:{ApiSettings.model_fields['port'].default}"
    assert "vault" not in said["ReadWritePaths"]
    assert "vault" in said["InaccessiblePaths"]


def test_the_target_wants_all_five(units: Path) -> None:
    wanted = dict(settings(units / "tre.target"))  # the last WantedBy is another section's
    names = {"tre-api.service"} | {f"tre-worker@{role.value}.service" for role in WorkerRole}
    assert set(wanted["Wants"].split()) == names


def test_users_have_the_numbers_that_the_installation_gives_folders_to(units: Path) -> None:
    lines = (units / "tre.sysusers.conf").read_text().splitlines()
    numbers = dict(re.findall(r"^u tre-(\w+) (\d+:\d+) ", "\n".join(lines), re.MULTILINE))
    assert numbers == {process: "{}:{}".format(*user_of(process)) for process in PROCESSES}
    assert f"g tre {FIRST_UID}" in lines
    assert f"g tre-inside {INSIDE_GID}" in lines
    members = {line.split()[1] for line in lines if line.startswith("m ")}
    assert members == {f"tre-{process}" for process in INSIDE}
