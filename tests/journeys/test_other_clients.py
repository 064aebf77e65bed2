"""Programs that others wrote at the running service: oauth4webapi proves its keys, R asks by our command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from linkage_engine.laboratory.demo.cast import PROJECT, specification
from tests.outside_checks import environment_without_ours
from tests.running import Running

pytestmark = pytest.mark.process
SECONDS = 60


def a_key_of(running: Running, folder: Path, alg: str) -> dict[str, Any]:
    """The researcher's own key, or a further one of another kind that the operator registered."""
    if alg in {"Ed25519", "ES256"}:
        key = running.key("researcher")
        return dict(json.loads(key.to_jwk()), kid=key.thumbprint)
    made = ECKey.generate_key("P-384") if alg == "ES384" else RSAKey.generate_key(3072)
    public = folder / "public.jwk"
    public.write_text(json.dumps(made.as_dict(private=False)))
    said = running.tool("tre-operate", "client-key", running.demo.home, "researcher", public)
    return made.as_dict(private=True) | {"kid": said.split()[-1]}


@pytest.mark.outside(tool="node")
@pytest.mark.parametrize("alg", ["Ed25519", "ES256", "ES384", "RS384"])
def test_an_oauth_client_signs_in_and_its_token_serves_nobody_else(
    running: Running, node_modules: Path, tmp_path: Path, alg: str
) -> None:
    script = Path(__file__).parents[1] / "outside" / "dpop.mjs"
    jwk = json.dumps(a_key_of(running, tmp_path, alg))
    told = [
        "node",
        str(script),
        str(node_modules),
        running.demo.url,
        "researcher",
        jwk,
        alg,
        f"/projects/{PROJECT}",
    ]
    done = subprocess.run(told, capture_output=True, timeout=SECONDS, check=True, text=True)
    refused = {"status": 401, "schemes": ["dpop"]}
    assert json.loads(done.stdout) == {
        "kind": "dpop",
        "read": 200,
        "again": 200,
        "stranger": refused,
        "bearer": refused,
    }


CLIENT = Path(__file__).parents[2] / "docs" / "clients" / "tre.R"
IN_R = """
source(Sys.getenv("CLIENT"), encoding = "UTF-8")
of <- commandArgs(TRUE)
query <- tre_ask(of[1], of[2], of[3], wait = 60)
release <- tre_fetch(of[4], of[2], of[3], of[5])
stopifnot(tre_verify(paste0(of[5], ".zip"), of[6], of[7]))
refused <- tryCatch(tre_fetch(query$query_id, of[2], of[3], of[8]), error = conditionMessage)
cat(query$state, nrow(release), refused, sep = "\\n")
"""


@pytest.mark.outside(tool="Rscript")
def test_r_asks_fetches_and_verifies_by_our_commands(running: Running, released: str, tmp_path: Path) -> None:
    held = json.loads((running.demo.home / "pins.json").read_text())
    vkey, release_key, question = (tmp_path / name for name in ("log.vkey", "key.jwk", "question.json"))
    vkey.write_text(held["log_vkey"] + "\n")
    release_key.write_text(json.dumps(held["release_key"]))
    question.write_text(json.dumps(specification(breakdowns=["age_band"])))
    keys, fetched = running.demo.keys("researcher"), tmp_path / "fetched"
    told = [question, running.demo.url, keys, released, fetched, vkey, release_key, tmp_path / "no"]
    programs = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", IN_R, *map(str, told)],
        capture_output=True, timeout=3 * SECONDS, check=False, text=True,
        env=environment_without_ours() | {"PATH": programs, "CLIENT": str(CLIENT), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    state, rows, *refused = done.stdout.splitlines()
    table = (running.demo.release("prevalence") / "table.csv").read_text().splitlines()
    assert (state, int(rows)) == ("controlled", len(table) - 1)
    assert refused[0].startswith("Not released: ")
    assert refused[1].startswith("What to do: ")
