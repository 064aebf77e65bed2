"""The Python of docs/CLIENTS.md: every block is Python, every question one, and what reads a release runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.query_spec import TEMPLATES
from service.notebook.researcher import explain
from tests.unit.publication.releases import PEOPLE, PREVALENCE, a_package, a_table, files_of

PAGE = Path(__file__).parents[3] / "docs" / "CLIENTS.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def questions() -> dict[str, dict[str, Any]]:
    """Every map that the guide gives a name."""
    assigned = [
        node for block in BLOCKS for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Assign)
    ]
    return {
        ast.unparse(node.targets[0]): ast.literal_eval(node.value)
        for node in assigned
        if isinstance(node.value, ast.Dict)
    }


@pytest.mark.parametrize("name", questions())
def test_every_question_of_the_guide_is_one(name: str) -> None:
    assert "Columns:" in explain(questions()[name])


def test_the_guide_explains_a_question_of_each_template(capsys: pytest.CaptureFixture[str]) -> None:
    [block] = [block for block in BLOCKS if "EXAMPLES" in block]
    exec(compile(block, PAGE.name, "exec"), {})  # the guide's own
    said = capsys.readouterr().out
    assert [f'"{name}"' in said for name in TEMPLATES] == [True] * len(TEMPLATES)


def test_what_the_guide_reads_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_package(tmp_path, files_of(PREVALENCE, a_table(PREVALENCE, PEOPLE)))
    monkeypatch.chdir(tmp_path)
    [block] = [block for block in BLOCKS if "read_release(" in block]
    names: dict[str, Any] = {}
    exec(compile(block, PAGE.name, "exec"), names)  # the guide's own
    assert (len(names["counted"]), len(names["low"])) == (3, 1)
    meaning, citation = capsys.readouterr().out.splitlines()
    assert meaning.startswith("low: ")
    assert citation == names["table"].citation
