"""A PKCS#11 token of SoftHSM for tests: made anew in a folder, with a PIN in a file."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOL = "softhsm2-util"
LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, SETTINGS = "481516", "SOFTHSM2_CONF"


@dataclass(frozen=True)
class Token:
    """A token with a label, in a folder of its own."""

    folder: Path
    label: str = "tre"

    @property
    def pin_file(self) -> Path:
        return self.folder / "pin"

    def address(self, key: str = "at-rest", **changed: str) -> str:
        named = {"token": self.label, "library": str(LIBRARY), "pin_file": str(self.pin_file), **changed}
        return (
            f"pkcs11:token={named['token']};object={key}"
            f"?module-path={named['library']}&pin-source=file:{named['pin_file']}"
        )

    def put_pin(self, pin: str) -> None:
        self.pin_file.unlink(missing_ok=True)
        self.pin_file.write_text(pin + "\n")
        self.pin_file.chmod(0o400)


def make_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    """A new token; SoftHSM's settings name it until the test has ended."""
    (folder / "tokens").mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    monkeypatch.setenv(SETTINGS, str(settings))
    token = Token(folder)
    command = [TOOL, "--init-token", "--free", "--label", token.label, "--pin", PIN, "--so-pin", "42424242"]
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=dict(os.environ))
    token.put_pin(PIN)
    return token
