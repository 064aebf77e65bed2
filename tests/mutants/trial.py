"""Trials: tests run over a module with a fault, each trial in a process of its own that ends with it."""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import coverage
import pytest
from hypothesis import Phase, settings

ARGUMENTS = (
    "-q",
    "-s",
    "-x",
    "-n0",
    "--noconftest",
    "-pno:randomly",
    "-pno:cacheprovider",
    "-pno:logging",
    "-pno:faulthandler",
)
CHOSEN = ("-mnot deep and not process", "-Wignore::pytest.PytestAssertRewriteWarning")
MEMORY_BYTES = 8 << 30


@dataclass(frozen=True)
class Map:
    """Which tests run each line of each file, and the processor seconds of each test."""

    lines: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Faulty:
    """A module with a fault, the tests that shall see it, and how long they may take."""

    path: Path
    text: str
    tests: tuple[str, ...]
    cpu_seconds: int


def with_tests(tests: Sequence[str], then: Callable[[pytest.Session], None]) -> int:
    """Collect the tests once, in a process of its own, and do something with them there."""

    class Loop:
        @pytest.hookimpl
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            then(session)
            return True

    def collect() -> int:
        _profile()
        return int(pytest.main([*ARGUMENTS, *CHOSEN, *tests], plugins=[Loop()]))

    return _apart(collect)


def draw(session: pytest.Session, package: Path, out: Path, cpu_seconds: float) -> None:
    """Run every test once, noting lines and time; one that fails ends it without a map.

    Tests that take longer than so many seconds are stopped and are not on the map.
    """
    drawing = coverage.Coverage(data_file=None, source=[str(package)], config_file=False)
    seconds: dict[str, float] = {}
    stopped: set[str] = set()

    def stop(*_: object) -> None:
        stopped.add(item.nodeid)
        raise TimeoutError

    signal.signal(signal.SIGVTALRM, stop)
    with drawing.collect():
        for item in session.items:
            begun, failed = time.process_time(), session.testsfailed
            drawing.switch_context(item.nodeid)
            signal.setitimer(signal.ITIMER_VIRTUAL, cpu_seconds, cpu_seconds)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            if item.nodeid in stopped:
                session.testsfailed = failed
            else:
                seconds[item.nodeid] = round(time.process_time() - begun, 3)
    if session.testsfailed:
        return
    data = drawing.get_data()
    lines = {
        os.path.relpath(file): {
            str(line): [each for each in contexts if each in seconds]
            for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    out.write_text(json.dumps({"lines": lines, "seconds": seconds}))


def in_function(session: pytest.Session, faulty: Faulty) -> str:
    """The outcome of a fault inside functions: all of the module's run the faulty text's code instead."""
    items = {item.nodeid: item for item in session.items}

    def run() -> int:
        _limit(faulty.cpu_seconds)
        _swap(faulty)
        for test in faulty.tests:
            item = items[test]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed:
                return 1
        return 0

    return _outcome(_apart(run))


def at_import(faulty: Faulty) -> str:
    """The outcome of a fault outside functions: the module is imported anew from the faulty text."""

    def run() -> int:
        _limit(faulty.cpu_seconds)
        _profile()
        sys.meta_path.insert(0, _Planted(faulty))
        return int(pytest.main([*ARGUMENTS, *CHOSEN, *faulty.tests]))

    return _outcome(_apart(run))


def _apart(run: Callable[[], int]) -> int:
    """The wait status of a process that runs a function and nothing after it."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            os._exit(run())
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def _outcome(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL}:
        return "timed out"
    return "killed" if status else "survived"


def _limit(cpu_seconds: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.alarm(30 * cpu_seconds)


def _swap(faulty: Faulty) -> None:
    """Give every function of the module the code that the faulty text has for it, by qualified name."""
    path = str(faulty.path)
    codes = {each.co_qualname: each for each in _codes(compile(faulty.text, path, "exec", dont_inherit=True))}
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename == path:
            each.__code__ = codes[each.__code__.co_qualname]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


class _Planted(Loader, MetaPathFinder):
    """Gives one module another text; its file stays as it is."""

    def __init__(self, faulty: Faulty) -> None:
        self._faulty = faulty
        self._name = ".".join(faulty.path.relative_to(Path.cwd()).with_suffix("").parts)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target  # asked of every finder
        return spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._faulty.text, self._faulty.path, "exec", dont_inherit=True), module.__dict__)


def _profile() -> None:
    """The same examples each time, and the first that fails is enough."""
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(
        "mutants", max_examples=25, derandomize=True, deadline=None, database=None, phases=phases
    )
    settings.load_profile("mutants")
