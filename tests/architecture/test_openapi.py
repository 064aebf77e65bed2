"""openapi.yaml is what the running api says of itself, and says it for everybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from service import api
from tests.architecture.openapi_file import OPENAPI, as_yaml

ROOT = Path(api.__file__).parents[1]
INSIDE = (
    "linkage_engine.boundary",
    "linkage_engine.disclosure",
    "linkage_engine.laboratory",
    "linkage_engine.link",
    "linkage_engine.pseudonymise",
    "linkage_engine.query",
    "linkage_engine.sealing",
    "linkage_engine.spine",
    "linkage_engine.unseal",
    "linkage_engine.validate",
    "linkage_engine.vault",
    "service.worker",
    "duckdb",
    "numpy",
    "pandas",
    "pyarrow",
    "pyspark",
    "splink",
)
OUTSIDE = ("fastapi", "starlette", "uvicorn")


def described() -> dict[str, Any]:
    return api.described_app().openapi()


def operations() -> list[dict[str, Any]]:
    return [operation for methods in described()["paths"].values() for operation in methods.values()]


def test_the_committed_description_is_that_of_the_app() -> None:
    assert yaml.safe_load(OPENAPI.read_text()) == described()


def test_the_command_would_write_it_as_it_is() -> None:
    assert as_yaml() == OPENAPI.read_text()


def test_every_operation_has_its_own_name_a_sentence_and_problems() -> None:
    names = [operation["operationId"] for operation in operations()]
    assert len(set(names)) == len(names)
    for operation in operations():
        assert operation["description"].strip().endswith(".")
        assert {"4XX", "5XX"} <= set(operation["responses"])
        assert "422" not in operation["responses"]
        for status in ("4XX", "5XX"):
            assert set(operation["responses"][status]["content"]) == {"application/problem+json"}


def _loaded(*modules: str, names: tuple[str, ...]) -> list[str]:
    """Which of the named modules are loaded once others are, in a process of its own."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return [m for m in run.stdout.split() if any(m == n or m.startswith(f"{n}.") for n in names)]


def test_the_api_loads_nothing_from_inside() -> None:
    assert _loaded("service.api", names=INSIDE) == []


def test_what_workers_share_with_the_api_serves_no_http() -> None:
    features = ("submissions", "linkage_runs", "queries", "releases")
    assert _loaded(*(f"service.{feature}.actions" for feature in features), names=OUTSIDE) == []
