from __future__ import annotations

import io
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.audit.archive import NotVerified
from service.audit.bundle import Pins, verify_bundle, verify_package
from service.audit.export import NothingToExport, write_bundle
from service.audit.verify import main
from tests.unit.audit.log_factories import Log

pytestmark = pytest.mark.both_databases


def exported(log: Log) -> bytes:
    target = io.BytesIO()
    with log.sessions() as session:
        write_bundle(session, target, key=log.signer.key, release_keys=[])
    return target.getvalue()


def test_a_log_is_exported_as_of_its_newest_checkpoint(log: Log, tmp_path: Path) -> None:
    log.enter(5)
    log.integrate(limit=3)
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(exported(log))
    held = verify_bundle(bundle, Pins(log=log.signer.key))
    assert (held.entries, held.checkpoint.size, held.releases) == (3, 3, ())


def test_the_same_log_gives_the_same_bytes(log: Log) -> None:
    log.enter(5)
    log.integrate()
    assert exported(log) == exported(log)


def test_a_log_without_a_checkpoint_is_not_exported(log: Log) -> None:
    log.enter(1)
    with pytest.raises(NothingToExport):
        exported(log)


def test_an_entry_edited_in_the_database_is_named_by_the_verifier(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.enter(5)
    log.integrate()
    with log.engine.begin() as connection:
        trigger = {
            "sqlite": "audit_entry_no_update",
            "postgresql": "audit_entry_append_only ON audit_entry",
        }
        connection.execute(sa.text(f"DROP TRIGGER {trigger[connection.dialect.name]}"))
        connection.execute(sa.text("UPDATE audit_entry SET actor = 'somebody-else' WHERE sequence = 2"))
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(exported(log))
    assert main(["verify", str(bundle)]) == 1
    assert capsys.readouterr().err == "not verified: entry 1: commitment differs from the tree\n"


def test_a_package_needs_a_pinned_log_key(tmp_path: Path) -> None:
    with pytest.raises(NotVerified, match="pinned"):
        verify_package(tmp_path / "package.zip", Pins())
