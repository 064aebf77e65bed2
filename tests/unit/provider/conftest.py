from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from linkage_engine.contract.permit import Role
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.project_file import ProjectFile, Recipients
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from linkage_engine.unseal.identity import Identity
from service.command_line import run
from service.keys import make_key_folder
from service.provider.main import app
from tests.unit.provider.desk import DEATHS, MAPPING, TUMOURS, Desk


@pytest.fixture(scope="session")
def identities() -> tuple[Identity, Identity]:
    return Identity.generate(secrets.token_bytes), Identity.generate(secrets.token_bytes)


@pytest.fixture
def desk(tmp_path: Path, identities: tuple[Identity, Identity]) -> Desk:
    return a_desk(tmp_path, identities)


@pytest.fixture(scope="session")
def sealed_once(tmp_path_factory: pytest.TempPathFactory, identities: tuple[Identity, Identity]) -> Desk:
    made = a_desk(tmp_path_factory.mktemp("sealed"), identities)
    assert run(app, made.seal_arguments()) == 0
    return made


@pytest.fixture
def sealed(sealed_once: Desk, tmp_path: Path) -> Desk:
    """A desk with a package on it, of this test alone."""
    shutil.copytree(sealed_once.folder, tmp_path, dirs_exist_ok=True)
    return replace(sealed_once, folder=tmp_path)


def a_desk(tmp_path: Path, identities: tuple[Identity, Identity]) -> Desk:
    linkage, analysis = identities
    (tmp_path / "tumours.csv").write_text(TUMOURS)
    (tmp_path / "deaths.csv").write_text(DEATHS)
    (tmp_path / "mapping.json").write_text(json.dumps(MAPPING))
    party = make_key_folder(
        tmp_path / "keys", principal_id="cancer-registry", name="Cancer registry", role=Role.PROVIDER
    )
    secret = LinkageSecret(bytes(range(32)))
    (tmp_path / "project.secret").write_text(secret.reveal().hex() + "\n")
    (tmp_path / "project.secret").chmod(0o600)
    project = ProjectFile(
        project_id="prevalence-2025",
        secret_epoch=1,
        key_check=key_check(secret, "prevalence-2025", 1),
        linkage_profile=LinkageProfile.TOKENS,
        recipients=Recipients(linkage=str(linkage.recipient), analysis=str(analysis.recipient)),
        data_sets=("cancer_registration", "death"),
    )
    (tmp_path / "project.json").write_text(project.to_json())
    return Desk(folder=tmp_path, linkage=linkage, analysis=analysis, party=party)
