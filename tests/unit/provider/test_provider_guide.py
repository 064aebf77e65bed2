from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from service.provider.main import app
from service.provider.mapping import read_mapping

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "provider.md"
COMMANDS = re.findall(r"^    tre-provider (.+)$", GUIDE.read_text(), re.MULTILINE)


def test_the_mapping_of_the_guide_is_a_mapping(tmp_path: Path) -> None:
    example = re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(example) == 1
    path = tmp_path / "mapping.json"
    path.write_text(example[0])
    assert read_mapping(path).provider_id == "example-council"


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_guide_can_be_typed_so(line: str) -> None:
    name, *arguments = shlex.split(line)
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]  # a group
    if name == "secret":
        name, *arguments = arguments
        command = command.commands[name]
    with command.make_context(name, arguments) as context:
        assert context.params


def test_the_guide_shows_every_command() -> None:
    shown = {line.split()[0] for line in COMMANDS}
    assert shown == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group
