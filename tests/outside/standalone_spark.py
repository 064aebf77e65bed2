"""A standalone Spark cluster on loopback: a master, a worker, and the secret that they share."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

HOST = "127.0.0.1"
SECONDS_TO_BEGIN = 120


@dataclass
class Cluster:
    """Where the master is, and how to begin and end it and a worker."""

    folder: Path
    port: int
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    open_now: ExitStack = field(default_factory=ExitStack)

    @property
    def master(self) -> str:
        return f"spark://{HOST}:{self.port}"

    @property
    def properties(self) -> Path:
        """What all members are told, as `spark-defaults.conf` would."""
        path = self.folder / "cluster.properties"
        path.touch(mode=0o600)
        path.write_text(
            "spark.authenticate true\n"
            f"spark.authenticate.secret {self.secret}\n"
            "spark.network.crypto.enabled true\n"
            "spark.network.crypto.cipher AES/GCM/NoPadding\n"
            "spark.master.rest.enabled false\n"
        )
        return path

    def begin_master(self) -> None:
        self._begin("master.Master", "--host", HOST, "--port", str(self.port), "--webui-port", "0")
        deadline = time.monotonic() + SECONDS_TO_BEGIN
        while not _answers(self.port):
            assert time.monotonic() < deadline, "the master did not begin"
            time.sleep(0.5)

    def begin_worker(self) -> subprocess.Popen[bytes]:
        return self._begin(
            "worker.Worker", "--host", HOST, "--webui-port", "0", "-c", "2", "-m", "3g",
            "-d", str(self.folder), self.master,
        )  # fmt: skip

    def _begin(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        found = find_spec("pyspark")
        assert found is not None
        assert found.origin is not None
        home = Path(found.origin).parent
        command = [
            str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{program}",
            "--properties-file", str(self.properties), *arguments,
        ]  # fmt: skip
        told = {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_DIRS": str(self.folder),
            "SPARK_DAEMON_MEMORY": "512m",
            "SPARK_DAEMON_JAVA_OPTS": "-Djava.net.preferIPv4Stack=true",
            "PATH": os.environ["PATH"],
        }
        with (self.folder / f"{program}.log").open("ab") as log:
            process = subprocess.Popen(command, env=told, stdout=log, stderr=log, cwd=self.folder)
        self.open_now.callback(_end, process)
        return process


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def a_cluster(folder: Path) -> Iterator[Cluster]:
    """A place for a cluster, with nothing begun yet."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    cluster = Cluster(folder, port)
    with cluster.open_now:
        yield cluster
