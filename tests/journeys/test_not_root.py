"""Somebody without root tries the service on their machine: it runs, and says what does not hold there."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from linkage_engine.laboratory.demo.commands import program
from service.operate.installation import Home

pytestmark = [pytest.mark.process, pytest.mark.enable_socket]
SECONDS = 90.0
PROCESSES = {"api", "linkage", "analysis", "gate", "log"}


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder of nobody's, or of whoever runs the tests where that is not root."""
    folder = Path(tempfile.mkdtemp(prefix="tre-not-root-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    yield folder
    shutil.rmtree(folder)


def operate(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    return subprocess.Popen(
        [program("tre-operate"), *arguments],
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        },
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_without_root_every_process_says_that_it_is_reduced_and_why(own_folder: Path) -> None:
    home = own_folder / "home"
    with operate(own_folder, "init", str(home), "--port", "0") as made:
        said, _ = made.communicate(timeout=SECONDS)
    assert made.returncode == 0, said
    with operate(own_folder, "up", str(home)) as service:
        try:
            told = {each["role"]: each for each in measured(Home(home))}
            printed = until_ready(service)
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=SECONDS)
    assert set(told) == PROCESSES
    for role, each in told.items():
        assert each["isolation"] == "reduced", role
        # One user owns every key and vault: what keeps processes apart elsewhere does not hold here.
        others = PROCESSES - {role}
        assert any(f"keys of {other}" in name for other in others for name in each["open"]), each["open"]
    for worker in PROCESSES - {"api"}:
        assert f"{worker}: isolation reduced; open: " in printed


def until_ready(service: subprocess.Popen[str]) -> str:
    """What it printed up to the line that says so; it ends by itself where it does not come up."""
    assert service.stdout is not None
    lines = []
    for line in service.stdout:
        lines.append(line)
        if "ready" in line.split():
            break
    return "".join(lines)


def measured(home: Home) -> list[dict[str, Any]]:
    """What each process says of its isolation, when all do."""
    address = f"http://127.0.0.1:{home.read().port}/health"
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            said: list[dict[str, Any]] = httpx.get(address, trust_env=False).json()["processes"]
        except httpx.TransportError:
            said = []
        if len(said) == len(PROCESSES):
            return said
        time.sleep(0.2)
    raise AssertionError("the service did not come up")
