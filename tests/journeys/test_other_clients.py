"""Programs that others wrote sign in and prove their keys: oauth4webapi against the running service."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from linkage_engine.laboratory.demo.cast import PROJECT
from tests.running import Running

pytestmark = pytest.mark.process
SECONDS = 60


@pytest.mark.outside(tool="node")
@pytest.mark.parametrize("alg", ["Ed25519", "ES256", "ES384"])
def test_an_oauth_client_signs_in_and_its_token_serves_nobody_else(
    running: Running, node_modules: Path, alg: str
) -> None:
    script = Path(__file__).parents[1] / "outside" / "dpop.mjs"
    key = running.key("researcher")
    jwk = json.dumps(json.loads(key.to_jwk()) | {"kid": key.thumbprint})
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
