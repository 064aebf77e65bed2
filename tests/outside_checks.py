"""Checks against somebody else's programs and data are run, or named as not run: never quietly skipped.

A test marked `@pytest.mark.outside(tool="node")` (or another program: "chromium") is not run where that
executable is absent, `tool="data"`
where the folder of outside data is, `tool="febrl"` where FEBRL's files are, `tool="axe"` where axe-core and
jsdom are, `tool="spark"` where pyspark or Java is, `tool="postgresql"` where no server can be started; the
summary counts all. A run fails when the tool is there and a marked test was skipped all the same, and a full
run also when no test with a needed tool ran.

ACRO wants its own versions of many packages, so it is asked in another Python: `TRE_ACRO_PYTHON`, that of a
virtual environment with acro 1.0.2; `tool="acro"` is not run where that is not set. Other programs that
link have an environment each in the folder `TRE_PEERS`, or build/peers of `make peers`: `tool="peers"`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.databases import POSTGRESQL, why_no_postgresql

FULL = frozenset({"", "not deep", "not process and not deep"})
"""Choices of marks that leave no outside check out."""
APART = frozenset({"tests/linkage", "tests/property"})
"""Folders without an outside check, which `make test` runs by themselves."""
OURS = frozenset({"TRE_OUTSIDE_DATA", "TRE_ACRO_PYTHON", "TRE_PEERS"})
"""Variables that tell this suite, and no program, where others' things are."""
NEEDED = ("data", "go", "node", POSTGRESQL)
"""Tools of which, where present, at least one check runs in every full run."""


def environment_without_ours() -> dict[str, str]:
    """The environment for a program of the service, which refuses a TRE_ variable that it does not know."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def data_folder(config: pytest.Config) -> Path:
    """Outside data: TRE_OUTSIDE_DATA, or `shared/data` beside the project."""
    return data_at(config.rootpath)


def data_at(root: Path) -> Path:
    """Where outside data are for a project in this folder."""
    return Path(os.environ.get("TRE_OUTSIDE_DATA") or root.parent / "shared" / "data")


@pytest.fixture(scope="session")
def outside_data(pytestconfig: pytest.Config) -> Path:
    """The folder of outside data, for tests marked `outside(tool="data")`."""
    return data_folder(pytestconfig)


def acro_python() -> str | None:
    """A Python that has acro."""
    return os.environ.get("TRE_ACRO_PYTHON")


def peers_at(root: Path) -> Path:
    """The folder of other programs' environments for a project in this folder: TRE_PEERS, or build/peers."""
    return Path(os.environ.get("TRE_PEERS") or root / "build" / "peers")


def febrl_folder(config: pytest.Config) -> Path:
    """FEBRL's made-up people, which `make outside` fetches."""
    return config.rootpath / "build" / "outside" / "febrl"


@pytest.fixture(scope="session")
def febrl(pytestconfig: pytest.Config) -> Path:
    """The folder of FEBRL's files, for tests marked `outside(tool="febrl")`."""
    return febrl_folder(pytestconfig)


def accessibility_folder(config: pytest.Config) -> Path:
    """The npm packages of tests/outside/accessibility, which `make outside` fetches."""
    return config.rootpath / "build" / "outside" / "accessibility"


def _has_axe(config: pytest.Config) -> bool:
    locked = config.rootpath / "tests" / "outside" / "accessibility" / "package-lock.json"
    fetched = accessibility_folder(config) / "package-lock.json"
    there = fetched.is_file() and fetched.read_bytes() == locked.read_bytes()
    return there and shutil.which("node") is not None


@pytest.fixture(scope="session")
def node_modules(pytestconfig: pytest.Config) -> Path:
    """The npm packages locked in tests/outside, installed; a test fails with the remedy where they are not.

    Installed into build/, so that the sources stay free of other people's code: copy package.json and
    package-lock.json of tests/outside to build/outside, then `npm ci --prefix build/outside`.
    """
    locked = pytestconfig.rootpath / "tests" / "outside" / "package-lock.json"
    installed = pytestconfig.rootpath / "build" / "outside" / "package-lock.json"
    modules = installed.parent / "node_modules"
    if not (modules.is_dir() and installed.read_bytes() == locked.read_bytes()):
        pytest.fail("npm packages are missing or old: run `make outside`", pytrace=False)
    return modules


GO_PATH = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev leaves the code of Go's checksum database."""


@pytest.fixture(scope="session")
def sumdb(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier of tests/outside/sumdb, built; for tests marked `outside(tool="go")`."""
    go, built = shutil.which("go"), tmp_path_factory.mktemp("sumdb") / "sumdb"
    assert go
    surroundings = {"GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOCACHE": str(built.parent / "cache")}
    command = [go, "build", "-o", str(built), "."]
    folder = pytestconfig.rootpath / "tests" / "outside" / "sumdb"
    subprocess.run(command, cwd=folder, env={**os.environ, **surroundings}, check=True, timeout=300)
    return built


def why_absent(config: pytest.Config, tool: str) -> str | None:
    """The reason why checks with a tool cannot run here, or nothing."""
    if tool == POSTGRESQL:
        return why_no_postgresql()
    if tool == "go" and not (GO_PATH / "src" / "golang.org" / "x" / "mod" / "sumdb").is_dir():
        return "golang-golang-x-mod-dev is not installed"
    if tool not in _FOUND:
        return None if shutil.which(tool) else "not installed"
    is_there, reason = _FOUND[tool]
    return None if is_there(config) else reason


_FOUND: Mapping[str, tuple[Callable[[pytest.Config], object], str]] = {
    "data": (lambda config: data_folder(config).is_dir(), "no folder TRE_OUTSIDE_DATA"),
    "acro": (lambda _: acro_python(), "TRE_ACRO_PYTHON is not set"),
    "axe": (_has_axe, "not fetched: run `make outside`"),
    "febrl": (lambda config: febrl_folder(config).is_dir(), "not fetched: run `make outside`"),
    "peers": (lambda config: any(peers_at(config.rootpath).glob("*/bin/python")), "none: run `make peers`"),
    "spark": (lambda _: find_spec("pyspark") and shutil.which("java"), "requirements/spark.txt or Java 17"),
}
"""What is no program of its own: how it is looked for, and what is missing where it is not found."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if marker := item.get_closest_marker("outside"):
            tool = marker.kwargs["tool"]
            item.user_properties.append(("outside", tool))  # reaches the reports, also from xdist's workers
            if reason := why_absent(config, tool):
                item.add_marker(pytest.mark.skip(reason=f"not run: {tool}: {reason}"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "outside(tool): compares with somebody else's program or data")
    if not hasattr(config, "workerinput"):  # xdist: only the controller counts
        config.pluginmanager.register(_Count(config))


class _Count:
    """Counts what ran and what did not, from the reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._ran: Counter[str] = Counter()
        self._not_run: Counter[str] = Counter()
        self._skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        tool = str(dict(report.user_properties).get("outside", ""))
        if tool and report.when == "call" and not report.skipped:
            self._ran[tool] += 1
        elif tool and report.skipped:
            if why_absent(self._config, tool):
                self._not_run[tool] += 1
            else:
                self._skipped.append(f"{report.nodeid} was skipped, but {tool} is present")

    def faults(self) -> list[str]:
        if not _is_full(self._config):
            return self._skipped
        silent = [tool for tool in NEEDED if not self._ran[tool] and not why_absent(self._config, tool)]
        return self._skipped + [f"no check with {tool} ran, but it is present" for tool in silent]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.faults() and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._ran or self._not_run:
            reasons = "; ".join(f"{tool}: {why_absent(self._config, tool)}" for tool in sorted(self._not_run))
            counts = f"{self._ran.total()} run, {self._not_run.total()} not run"
            terminalreporter.write_line(f"outside checks: {counts}" + (f" ({reasons})" if reasons else ""))
        for fault in self.faults():
            terminalreporter.write_line(f"outside checks: FAILED: {fault}", red=True)


def _is_full(config: pytest.Config) -> bool:
    """Whether all of tests/ was asked for, the long ones and those with processes perhaps apart."""
    option = config.option
    last_failed = getattr(option, "lf", False)  # absent without pytest's cache
    left_out = set(option.ignore or ()) - APART
    narrowed = (option.collectonly, option.keyword, option.deselect, left_out, last_failed)
    asked = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    whole = {config.rootpath, config.rootpath / "tests"}
    return not any(narrowed) and option.markexpr in FULL and asked <= whole
