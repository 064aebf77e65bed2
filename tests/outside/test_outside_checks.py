"""The plugin that keeps outside checks honest, tried on planted runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import outside_checks

RAN = "import pytest\n@pytest.mark.outside(tool='node')\ndef test_it(): pass\n"
FAILED = "import pytest\n@pytest.mark.outside(tool='node')\ndef test_it(): assert False\n"
SKIPPED = "import pytest\n@pytest.mark.outside(tool='node')\ndef test_it(): pytest.skip('quietly')\n"
MARKED_SKIP = "import pytest\n@pytest.mark.outside(tool='node')\n@pytest.mark.skip\ndef test_it(): pass\n"
NO_OUTSIDE = "def test_it(): pass\n"
WITH_MODULES = "import pytest\n@pytest.mark.outside(tool='node')\ndef test_it(node_modules): pass\n"
WITH_DATA = (
    "import pytest\n@pytest.mark.outside(tool='data')\n"
    "def test_it(outside_data): assert outside_data.is_dir()\n"
)
EXTENSIONS = ("-p", "no:randomly", "-p", "tests.outside_checks")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project on a machine with no outside tool."""
    (pytester.path / "tests").mkdir()
    (pytester.path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(pytester.path / "bin"))
    monkeypatch.setenv("TRE_OUTSIDE_DATA", str(pytester.path / "data"))
    monkeypatch.setattr(outside_checks, "why_no_postgresql", lambda: "no server")
    return pytester


def plant(project: pytest.Pytester, source: str) -> None:
    (project.path / "tests" / "test_planted.py").write_text(source)


def provide_node(project: pytest.Pytester) -> None:
    node = project.path / "bin" / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o700)


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_inprocess(*EXTENSIONS, *(arguments or ("tests",)))


def test_without_the_tool_a_check_is_named_as_not_run(project: pytest.Pytester) -> None:
    plant(project, RAN)
    result = run(project)
    result.stdout.fnmatch_lines(["outside checks: 0 run, 1 not run (node: not installed)"])
    assert result.ret == pytest.ExitCode.OK


def test_with_the_tool_a_check_runs_and_is_counted(project: pytest.Pytester) -> None:
    provide_node(project)
    plant(project, RAN)
    result = run(project)
    result.stdout.fnmatch_lines(["outside checks: 1 run, 0 not run"])
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("source", [SKIPPED, MARKED_SKIP], ids=["inside", "by mark"])
@pytest.mark.parametrize("arguments", [("tests",), ("tests/test_planted.py",)], ids=["full", "part"])
def test_a_check_skipped_with_its_tool_present_fails_the_run(
    project: pytest.Pytester, source: str, arguments: tuple[str, ...]
) -> None:
    provide_node(project)
    plant(project, source)
    result = run(project, *arguments)
    result.stdout.fnmatch_lines(["outside checks: FAILED: *test_it was skipped, but node is present"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_skipped_check_fails_the_run_under_xdist_too(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide_node(project)
    plant(project, SKIPPED + RAN.replace("test_it", "test_other"))
    result = project.runpytest_subprocess(*EXTENSIONS, "-n", "1", "tests")
    result.stdout.fnmatch_lines(
        ["outside checks: 1 run, 0 not run", "outside checks: FAILED: *test_it was skipped*"]
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_full_run_in_which_no_check_of_a_present_tool_ran_fails(project: pytest.Pytester) -> None:
    provide_node(project)
    plant(project, NO_OUTSIDE)
    result = run(project)
    result.stdout.fnmatch_lines(["outside checks: FAILED: no check with node ran, but it is present"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    "arguments", [("tests/test_planted.py",), ("tests", "-k", "it"), ("tests", "-m", "not outside")]
)
def test_a_part_of_the_suite_owes_no_outside_check(
    project: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    provide_node(project)
    plant(project, NO_OUTSIDE)
    assert run(project, *arguments).ret == pytest.ExitCode.OK


def test_a_failed_check_stays_a_failure(project: pytest.Pytester) -> None:
    provide_node(project)
    plant(project, FAILED)
    assert run(project).ret == pytest.ExitCode.TESTS_FAILED


def test_missing_npm_packages_fail_with_a_remedy(project: pytest.Pytester) -> None:
    provide_node(project)
    plant(project, WITH_MODULES)
    result = run(project)
    result.stdout.fnmatch_lines(["*run `make outside`*"])
    result.assert_outcomes(errors=1)


@pytest.mark.parametrize(("installed_lock", "outcome"), [("same", "passed"), ("older", "errors")])
def test_npm_packages_must_be_those_of_the_lock_file(
    project: pytest.Pytester, installed_lock: str, outcome: str
) -> None:
    provide_node(project)
    plant(project, WITH_MODULES)
    for folder, lock in (("tests/outside", "same"), ("build/outside", installed_lock)):
        (project.path / folder / "node_modules").mkdir(parents=True)
        (project.path / folder / "package-lock.json").write_text(lock)
    assert run(project).parseoutcomes() == {outcome: 1}


@pytest.mark.parametrize(
    ("present", "line"), [(True, "1 run, 0 not run"), (False, "0 run, 1 not run (data: *)")]
)
def test_outside_data_is_a_tool_like_others(project: pytest.Pytester, present: bool, line: str) -> None:  # noqa: FBT001 (a parameter of the table)
    if present:
        Path(project.path / "data").mkdir()
    plant(project, WITH_DATA)
    result = run(project)
    result.stdout.fnmatch_lines([f"outside checks: {line}"])
    assert result.ret == pytest.ExitCode.OK


def test_a_server_of_postgresql_is_a_tool_like_others(project: pytest.Pytester) -> None:
    plant(project, RAN.replace("node", "postgresql"))
    result = run(project)
    result.stdout.fnmatch_lines(["outside checks: 0 run, 1 not run (postgresql: no server)"])
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("folder", sorted(outside_checks.APART))
def test_a_folder_that_is_run_apart_has_no_outside_check(folder: str, pytestconfig: pytest.Config) -> None:
    modules = list((pytestconfig.rootpath / folder).rglob("*.py"))
    assert modules
    assert [path.name for path in modules if "mark.outside" in path.read_text()] == []
