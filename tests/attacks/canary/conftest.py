from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import enable_socket, socket_allow_hosts

from tests.attacks.canary.life import Life, live


@pytest.fixture(scope="session")
def life() -> Iterator[Life]:
    """One life for all tests, in a folder that the processes' own users may pass through."""
    enable_socket()
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with tempfile.TemporaryDirectory(prefix="tre-linkage-canary-") as folder:
        Path(folder).chmod(0o755)
        yield live(Path(folder))
