"""The harness attacks a running installation by its tools: nothing small follows from what is released."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage_engine.laboratory.demo.cast import PROJECT
from tests.running import CHECKERS, Running

pytestmark = pytest.mark.process
WORST = ("--kinds", "tracker-pairs,refusal-oracle,two-researchers", "--questions", "2", "--seed", "4")


def attack(running: Running, who: str, url: str, out: Path, *, expect: int = 0) -> str:
    demo = running.demo
    checkers = [word for each in CHECKERS for word in ("--checker", str(demo.keys(each)))]
    target = ("--url", url, "--project", PROJECT, "--keys", str(demo.keys(who)), "--home", str(demo.home))
    arguments = (*WORST, *target, *checkers, "--json", str(out))
    return demo.journal.run("tre-evaluate", "disclosure", "attack", *arguments, expect=expect)


def test_questions_over_http_determine_nobody(running: Running, released: str, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    said = attack(running, "researcher", running.demo.url, out)
    assert "two-researchers: not over HTTP" in said
    found = {each["kind"]: each for each in json.loads(out.read_text())["kinds"]}
    assert list(found) == ["tracker-pairs", "refusal-oracle", "together"]
    together = found["together"]
    assert (together["questions"], together["answered"], together["preflights"]) == (4, 3, 1)
    assert together["determined_threshold_only"] > 0
    assert together["numbers_told"] > 0
    for each in found.values():
        determined = ("determined_groups", "determined_persons", "determined_unlisted")
        assert [each[name] for name in determined] == [0, 0, 0]


def test_whoever_may_not_ask_and_who_asks_nobody_is_told_so(running: Running, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    url = running.demo.url
    said = attack(running, "checker-one", url, out, expect=1)
    assert "the attack stopped: tre-researcher ended with 1:\nNot permitted: " in said
    nobody = attack(running, "researcher", "http://127.0.0.1:9", out, expect=1)
    assert "the attack stopped: tre-researcher ended with 1:\nService unreachable: " in nobody
    assert not out.exists()
