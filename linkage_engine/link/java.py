"""Java for Spark, started by a process beside: who asks for it may no longer start anything."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Sequence
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from threading import Lock
from typing import Any
from weakref import finalize

from linkage_engine.contract.refusals import CannotLink, RefusalCode

START, END = "start", "end"
SECONDS_TO_START, SECONDS_TO_END = 300, 30
INHERITED = ("PATH", "JAVA_HOME", "LANG", "TMPDIR")
"""Of the environment: nothing that tells Spark otherwise than we do."""
OPTIONS = (
    "-Djava.net.preferIPv4Stack=true",
    # Nothing of what it holds is written to a file or shown to another process of the same user.
    "-XX:+DisableAttachMechanism -XX:-UsePerfData -XX:-CreateCoredumpOnCrash -XX:ErrorFile=/dev/null",
)


class Java:
    """Starts one Java process at a time, and ends it; begin it before closing yourself in.

    `begun_by` is what becomes the process beside, as a launcher that takes rights away from it. It ends with
    its asker, and Java with it.
    """

    def __init__(self, memory: str, *, begun_by: Sequence[str] = ()) -> None:
        command = [*begun_by, sys.executable, "-P", "-m", __name__, memory]
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._beside = Popen(  # noqa: S603 - our own module, no shell
            command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, text=True
        )
        self._one_at_a_time = Lock()
        self._finalise = finalize(self, _left, self._beside)

    def start(self) -> tuple[int, str]:
        """The port and the secret of a Java process that has just begun; raises CannotLink(spark-absent)."""
        answer = self._told(START)
        if answer is None:
            raise CannotLink(RefusalCode.SPARK_ABSENT)
        port, secret = json.loads(answer)
        return port, secret

    def end(self) -> None:
        """There is no Java process any more."""
        self._told(END)

    def close(self) -> None:
        """The process beside has ended, and Java with it; so it does when nobody knows this any more."""
        self._finalise()

    @property
    def _stdin(self) -> Any:  # noqa: ANN401 - a pipe, which Popen calls optional
        return self._beside.stdin

    @property
    def _stdout(self) -> Any:  # noqa: ANN401
        return self._beside.stdout

    def _told(self, what: str) -> str | None:
        """The answer, or nothing where there is none in time; then none comes later either."""
        with self._one_at_a_time:
            try:
                self._stdin.write(f"{what}\n")
                self._stdin.flush()
            except OSError:  # it has ended
                return None
            if not select.select([self._stdout], [], [], SECONDS_TO_START)[0]:
                self._beside.kill()
            answer = self._stdout.readline().strip()
        return answer or None


def _left(beside: Popen[str]) -> None:
    with suppress(OSError), beside:  # closes the pipes, by which it knows, and waits
        with suppress(TimeoutExpired):
            beside.communicate(timeout=2 * SECONDS_TO_END)
        beside.kill()


def main() -> None:
    """The process beside: does as each line says and answers with a line, until there are no more."""
    memory, gateway = sys.argv[1], None
    for line in sys.stdin:
        _ended(gateway)
        gateway = _launched(memory) if line.strip() == START else None
        said = "" if gateway is None else json.dumps(_address(gateway))
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
    _ended(gateway)


def _launched(memory: str) -> Any:  # noqa: ANN401 - of py4j, which comes with pyspark
    with suppress(Exception):  # pyspark, py4j and the operating system each have their own
        from pyspark import SparkConf  # noqa: PLC0415 - an extra
        from pyspark.java_gateway import launch_gateway  # noqa: PLC0415

        said = {"spark.driver.memory": memory, "spark.driver.extraJavaOptions": " ".join(OPTIONS)}
        conf = SparkConf(loadDefaults=False).setAll(list(said.items()))
        return launch_gateway(conf, {"stdout": DEVNULL, "stderr": DEVNULL})
    return None


def _address(gateway: Any) -> tuple[int, str]:  # noqa: ANN401
    told = gateway.gateway_parameters
    return told.port, told.auth_token


def _ended(gateway: Any) -> None:  # noqa: ANN401
    if gateway is None:
        return
    with suppress(Exception):
        gateway.shutdown()
    gateway.proc.stdin.close()  # Java ends when it is closed
    with suppress(TimeoutExpired):
        gateway.proc.wait(SECONDS_TO_END)
    gateway.proc.kill()
    gateway.proc.wait()


if __name__ == "__main__":
    main()
