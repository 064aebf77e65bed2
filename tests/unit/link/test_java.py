"""What starts Java beside a process that may start nothing: asked by lines, gone with its asker."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from weakref import finalize

import pytest

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link import java
from linkage_engine.link.java import Java

SILENT = (sys.executable, "-c", "import time; time.sleep(60)")


def refused(beside: Java) -> RefusalCode:
    with pytest.raises(CannotLink) as said:
        beside.start()
    return said.value.code


def test_without_java_the_refusal_says_so_as_often_as_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    beside = Java("1g")
    assert [refused(beside), refused(beside)] == [RefusalCode.SPARK_ABSENT] * 2
    beside.end()
    beside.close()


def test_a_process_that_has_ended_is_no_java() -> None:
    beside = Java("1g", begun_by=("/bin/false",))
    assert refused(beside) is RefusalCode.SPARK_ABSENT
    beside.end()
    beside.close()
    beside.close()


def test_one_that_does_not_answer_in_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "SECONDS_TO_START", 0.1)
    beside = Java("1g", begun_by=SILENT)
    assert refused(beside) is RefusalCode.SPARK_ABSENT
    beside.close()


def test_it_ends_when_nobody_knows_it_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[str]] = []

    def noted(owner: Java, act: Callable[[object], None], beside: subprocess.Popen[str]) -> object:
        begun.append(beside)
        return finalize(owner, act, beside)

    monkeypatch.setattr(java, "finalize", noted)
    Java("1g")
    assert begun[0].returncode == 0


def a_java() -> SimpleNamespace:
    """A process that ends when its input does, as Java is told to, and how it is reached."""
    told = SimpleNamespace(port=4711, auth_token="made-up")
    proc = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    return SimpleNamespace(gateway_parameters=told, shutdown=lambda: None, proc=proc)


def test_lines_are_answered_and_there_is_one_java_at_a_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[SimpleNamespace] = []
    alive: list[int] = []

    def launched(memory: str) -> SimpleNamespace:
        assert memory == "1g"
        alive.append(sum(one.proc.poll() is None for one in begun))
        begun.append(a_java())
        return begun[-1]

    monkeypatch.setattr(java, "_launched", launched)
    monkeypatch.setattr(sys, "argv", ["java", "1g"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("start\nstart\nend\nstart\n"))
    java.main()
    answers = capsys.readouterr().out.splitlines()
    assert [json.loads(answer) for answer in answers if answer] == [[4711, "made-up"]] * 3
    assert answers[2] == ""
    assert alive == [0, 0, 0]
    assert all(one.proc.returncode == 0 for one in begun)


def test_without_pyspark_the_process_beside_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setattr(sys, "argv", ["java", "1g"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("start\nend\n"))
    java.main()
    assert capsys.readouterr().out == "\n\n"
