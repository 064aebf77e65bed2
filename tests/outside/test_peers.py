"""Other programs that link do so here as well: what the side-by-side table says of them is theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.linkage.one import FEBRL, Case, files
from tests.benchmarks.linkage.peers import PROGRAMS, run, scored, write
from tests.outside_checks import peers_at

pytestmark = [pytest.mark.deep, pytest.mark.outside(tool="peers")]
LEAST = {"recordlinkage": 0.95, "carduus": 0.65, "goldenmatch": 0.9, "anonlink": 0.9}
"""F1 on FEBRL 1, rounded down: carduus joins equal tokens alone, so every slip of a key costs a link."""


def test_every_peer_that_is_installed_links_febrl_one(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    assert FEBRL.is_dir(), "run `make outside`"
    a, b = files(Case(layout="febrl1", size=0, dirt="", overlap=0.0))
    write(a, tmp_path / "a.csv")
    write(b, tmp_path / "b.csv")
    found = {
        who: float(str(scored(run(python, who, tmp_path), a, b)["f1"]))
        for who in PROGRAMS
        if (python := peers_at(pytestconfig.rootpath) / who / "bin" / "python").exists()
    }
    assert found
    assert {who: f1 for who, f1 in found.items() if f1 < LEAST[who]} == {}
    assert LEAST.keys() == PROGRAMS.keys()
