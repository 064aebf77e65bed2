"""The programs of the project as a document may type them."""

from __future__ import annotations

import contextlib
import io
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import typer

import linkage_engine.laboratory.main
import service.checker.main
import service.operate.main
import service.provider.main
import service.publication.main
import service.researcher.main
import service.reviewer.main
from service.audit import verify
from service.jobs import WorkerRole
from service.reviewer.main import OFFLINE
from tests.architecture.documents.pages import ROOT, Typed

APPS: Mapping[str, typer.Typer] = {
    "tre-audit": service.reviewer.main.app,
    "tre-checker": service.checker.main.app,
    "tre-evaluate": linkage_engine.laboratory.main.app,
    "tre-operate": service.operate.main.app,
    "tre-provider": service.provider.main.app,
    "tre-publish": service.publication.main.app,
    "tre-researcher": service.researcher.main.app,
}
FILES = {"tre-evaluate"}
"""Programs that look for their files when a line is read: only the names of commands are checked."""


@cache
def scripts() -> frozenset[str]:
    """The programs that are installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return frozenset(project["project"]["scripts"])


@cache
def commands(program: str) -> Mapping[str, typer.core.TyperCommand]:
    """The commands of a program, by name."""
    found: Mapping[str, typer.core.TyperCommand] = typer.main.get_command(APPS[program]).commands  # type: ignore[attr-defined]  # a group
    return found


def fault(said: Typed) -> str | None:
    """Why a command cannot be typed so, or nothing."""
    program, *rest = said.words
    if program not in scripts():
        return "no such program"
    if not rest:
        return None
    if program == "tre-worker":
        return None if rest[0] in {*WorkerRole, "ROLE"} else "no such role"
    return _command_fault(program, rest, whole=said.whole) if program in APPS else "takes no arguments"


def _command_fault(program: str, words: list[str], *, whole: bool) -> str | None:
    name, *arguments = words
    if program == "tre-audit" and name in OFFLINE:
        return _offline_fault(words) if whole else None
    command = commands(program).get(name)
    if isinstance(command, typer.core.TyperGroup) and arguments:
        name, *arguments = arguments
        command = command.commands.get(name)
    if command is None:
        return "no such command"
    known = {option for parameter in command.params for option in parameter.opts}
    unknown = [word for word in arguments if word.startswith("--") and word not in known]
    if unknown:
        return f"no such option: {unknown[0]}"
    return _whole_fault(command, name, arguments) if whole and program not in FILES else None


def _whole_fault(command: typer.core.TyperCommand, name: str, arguments: list[str]) -> str | None:
    try:
        command.make_context(name, list(arguments))
    except Exception as refused:  # noqa: BLE001  # whatever a parser says
        return type(refused).__name__
    return None


def _offline_fault(words: list[str]) -> str | None:
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            verify._parser().parse_args(words)
    except SystemExit:
        return "refused by the verifier"
    return None


def make_targets(makefile: Path) -> set[str]:
    """The targets of a Makefile that have a rule."""
    lines = makefile.read_text(encoding="utf-8").splitlines()
    return {line.split(":")[0] for line in lines if line[:1].isalpha() and ":" in line and ":=" not in line}
