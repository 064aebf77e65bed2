"""A disk that is full: the job fails with a code, nothing is lost, and room is all that is needed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from linkage_engine.contract.manifest import IDENTIFIERS
from linkage_engine.laboratory.demo.cast import PROJECT
from tests.forged import Forger
from tests.running import Running

pytestmark = pytest.mark.process
GP, PAYLOAD = "gp-federation", "gp_registration"


@contextmanager
def no_room(vault: Path, name: str) -> Iterator[None]:
    """What a worker writes under this name of its vault goes to a device that is always full."""
    owner = vault.stat()
    partial = vault / PROJECT / f"{name}.partial"
    for folder in reversed(partial.relative_to(vault).parents[:-1]):
        if not (vault / folder).exists():
            (vault / folder).mkdir(mode=0o700)
            os.chown(vault / folder, owner.st_uid, owner.st_gid)
    partial.symlink_to("/dev/full")
    yield
    assert not partial.is_symlink()


@pytest.mark.parametrize(
    ("role", "part", "kept"),
    [
        ("linkage", IDENTIFIERS, f"identifiers/{GP}/{{delivery_id}}"),
        ("analysis", PAYLOAD, f"payload/{GP}/{{delivery_id}}/{PAYLOAD}"),
    ],
)
def test_a_worker_whose_vault_is_full_says_so_and_accepts_the_next_delivery(
    running: Running, practices: Forger, role: str, part: str, kept: str
) -> None:
    delivery_id = secrets.token_hex(16)
    package = practices.package(practices.parts(), delivery_id=delivery_id)
    with no_room(running.home.vault(role), kept.format(delivery_id=delivery_id)):
        running.rejected(GP, package, part, "vault-full", "has to make room; then seal the extract again")
    receipt = running.send(GP, practices.honest())
    assert running.settled(GP, receipt["submission_id"])["state"] == "accepted"
