"""What a program loads when it runs, dynamic imports too: the twin of the import contracts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

STAGES = ("boundary", "unseal", "link", "spine", "query", "disclosure", "vault", "release_history")
CORE = tuple(f"linkage_engine.{stage}" for stage in STAGES)
INSIDE = (*CORE, "linkage_engine.validate", "linkage_engine.sealing")
COMPUTING = ("splink", "duckdb", "pyarrow", "pandas")
LABORATORY = ("linkage_engine.laboratory",)
SERVING = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "dbos", "service.database", "service.jobs")
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "service.api": (*INSIDE, *COMPUTING, *LABORATORY, "linkage_engine.pseudonymise", "service.worker"),
    "service.provider.main": (
        *SERVING,
        *LABORATORY,
        *(stage for stage in CORE if stage != "linkage_engine.unseal"),  # its own envelope: decision 0014
        "splink",
        "service.worker",
    ),
    "service.researcher.main": (*SERVING, *INSIDE, *COMPUTING, *LABORATORY, "service.worker"),
    "service.checker.main": (
        *SERVING,
        *COMPUTING,
        *LABORATORY,
        "service.worker",
        *(stage for stage in INSIDE if stage not in {"linkage_engine.unseal", "linkage_engine.sealing"}),
    ),
    "service.reviewer.main": (*INSIDE, *COMPUTING, *LABORATORY, "fastapi", "service.worker", "service.api"),
    "service.worker.main": (
        *LABORATORY,
        "uvicorn",
        "service.api",
        "service.web",
        "service.client",
        "fastapi",
    ),
    "linkage_engine.boundary": (*SERVING, *LABORATORY, "service", "httpx"),
    "linkage_engine.disclosure.control": (*COMPUTING, "cryptography", "service", "splink"),
    "linkage_engine.contract.permit": ("numpy", "cryptography", "linkage_engine.catalogue", "service"),
}
LOADED = "import sys, importlib; importlib.import_module(sys.argv[1]); print(*sorted(sys.modules))"


@cache
def loaded_by(module: str) -> frozenset[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, module], capture_output=True, text=True, check=True, timeout=120
    )
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("module", FORBIDDEN)
def test_a_program_loads_nothing_of_the_other_side(module: str) -> None:
    loaded = loaded_by(module)
    assert module in loaded
    for name in FORBIDDEN[module]:
        found = {one for one in loaded if one == name or one.startswith(f"{name}.")}
        assert found == set(), f"{module} loads {sorted(found)[:3]}"


def test_the_names_that_are_forbidden_exist() -> None:
    """A contract about a module that was renamed would hold for ever."""
    known = loaded_by("linkage_engine.laboratory.main") | loaded_by("service.worker.main")
    known |= loaded_by("service.api") | loaded_by("service.provider.main")
    assert {name for names in FORBIDDEN.values() for name in names} - known == set()


PLANTS = {
    "service/queries/rules.py": "import linkage_engine.vault.parquet",
    "linkage_engine/spine/clusters.py": "import linkage_engine.link.threshold",
    "linkage_engine/contract/value.py": "import numpy",
    "linkage_engine/disclosure/rounding.py": "import os",
    "linkage_engine/vault/compute.py": "import service.clock",
    "service/audit/tree.py": "import pydantic",
    "service/access/tokens.py": "import joserfc",
}
BROKEN = (
    "1 the engine never imports the service",
    "4 stages of the engine do not know each other",
    "5 what the api runs reaches nothing",
    "9 disclosure control is pure",
    "9b the contract imports pydantic alone",
    "12 the audit verifier needs",
    "15b joserfc only in signed",
)


def test_a_planted_import_breaks_its_contract(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    root = pytestconfig.rootpath
    for package in ("service", "linkage_engine"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    for path, line in PLANTS.items():
        module = tmp_path / path
        future = "from __future__ import annotations\n"
        module.write_text(module.read_text().replace(future, f"{future}\n{line}\n", 1))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},  # names of contracts on one line
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    verdicts = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert all(any(line.startswith(name) for line in verdicts) for name in BROKEN), done.stdout
