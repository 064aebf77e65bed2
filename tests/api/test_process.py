"""tre-api as a process of its own."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from service.settings import ApiSettings, UnknownSetting, settings_for
from tests.at_work import AtWork
from tests.outside_checks import environment_without_ours

SECONDS = 30.0


def free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def environment(settings: ApiSettings, **more: str) -> dict[str, str]:
    told: Mapping[str, object] = {
        "DATABASE_URL": settings.database_url,
        "SPOOL": settings.spool,
        "STATUS_FOLDER": settings.status_folder,
        "PINS": settings.pins,
        "TOKEN_KEY": settings.token_key,
    }
    return {
        **environment_without_ours(),
        **{f"TRE_{name}": str(value) for name, value in told.items()},
        **more,
    }


def wait_for(url: str) -> httpx.Response:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.process
def test_the_process_measures_what_is_open_sweeps_the_spool_and_answers(
    project: AtWork, tmp_path: Path
) -> None:
    settings = project.here.settings
    left = settings.spool / "uploads" / "left"
    left.write_bytes(b"half")
    vault = tmp_path / "vault"
    vault.mkdir()
    port = free_port()
    told = environment(
        settings,
        TMPDIR=str(tmp_path),
        TRE_PORT=str(port),
        TRE_FORBIDDEN_PATHS=f"linkage-vault={vault}:absent={tmp_path / 'absent'}",
    )
    with subprocess.Popen([sys.executable, "-m", "service.api"], env=told, stderr=subprocess.PIPE) as process:
        try:
            shown = wait_for(f"http://127.0.0.1:{port}/health").json()
            refused = httpx.get(f"http://127.0.0.1:{port}/releases", trust_env=False)
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=SECONDS)
    (api,) = shown["processes"]
    # The folder of temporary files is the process's own, and the vault was put there.
    assert (api["role"], api["isolation"]) == ("api", "reduced")
    assert api["open"] == [
        "enter absent",
        "enter linkage-vault",
        "read absent",
        "read linkage-vault",
    ]
    assert refused.status_code == 401
    assert not left.exists()
    assert [json.loads(line)["event"] for line in errors.splitlines()] == ["isolation"]
    assert (settings.status_folder / "api" / "status.json").stat().st_mode & 0o007 == 0


def test_a_mistyped_setting_is_refused(project: AtWork) -> None:
    with pytest.raises(UnknownSetting, match="TRE_SUBMISSION_LIMIT"):
        settings_for(ApiSettings, environment(project.here.settings, TRE_SUBMISSION_LIMIT="5"))
