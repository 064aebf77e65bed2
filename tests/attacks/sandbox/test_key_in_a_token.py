"""A worker whose at-rest key a token opens: it asks the token as its own user, then closes itself in."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.operate.folders import FIRST_UID, acting_as, user_of
from service.operate.installation import Home
from service.operate.rotation.at_rest import Entries, rotate
from service.operate.supervise import can_run_as
from service.operate.up import programs
from tests.tokens import TOOL, make_token

pytestmark = [
    pytest.mark.process,
    pytest.mark.outside(tool=TOOL),
    pytest.mark.skipif(
        os.geteuid() != 0 or not can_run_as(FIRST_UID + 1, FIRST_UID, sys.executable),
        reason="needs root, and an interpreter that another user can run",
    ),
]
ROLE = "gate"


@pytest.fixture
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="tre-token-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    command = [str(Path(sys.executable).with_name("tre-operate")), "init", str(folder / "home")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    yield Home(folder / "home")
    shutil.rmtree(folder)


def test_it_starts_fully_isolated_and_not_at_all_with_another_pin(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.read().separate_users
    token = make_token(home.root.parent / "token", monkeypatch)
    owned = (token.folder, *token.folder.rglob("*"))
    for path in owned:
        os.chown(path, *user_of(ROLE))
    nothing = Entries(lambda *_: None, lambda *_: None)
    rotate(home, ROLE, nothing, secrets.token_bytes, token=token.address())
    assert started(home) == ("full", [])
    with acting_as(ROLE, separate=True):
        token.put_pin("000000")
    assert started(home) is None


def started(home: Home) -> tuple[str, list[str]] | None:
    """What the worker measures, started as `tre-operate up` starts it; None when it ends instead."""
    status = home.root / "status" / ROLE / "status.json"
    status.unlink(missing_ok=True)
    [program] = [each for each in programs(home) if each.name == ROLE]
    assert program.uid is not None
    launcher = ["-P", "-m", "service.sandbox.start", "--uid", str(program.uid), "--gid", str(program.gid)]
    groups = [f"--group={group}" for group in program.groups]
    launcher += [*groups, "--own-network", "--parent", str(os.getpid())]
    process = subprocess.Popen(
        [sys.executable, *launcher, "--", *program.argv],
        env=dict(program.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not status.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        if process.poll() is not None:
            return None
        told = json.loads(status.read_text())
        return told["isolation"], told["open"]
    finally:
        process.terminate()
        process.wait(30)
