"""Programs that others wrote sign in and prove their keys: oauth4webapi against the running service."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from linkage_engine.laboratory.demo.cast import PROJECT
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
