"""A Spark session that tells nobody anything: encrypted, authenticated, without pages or logs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread, Timer
from typing import TYPE_CHECKING, Any

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link.java import Java

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

TASKS_PER_CORE = 2
SECONDS_TO_JOIN = 300
SECONDS_WITHOUT_EXECUTORS, SECONDS_BETWEEN_LOOKS = 120, 5
CLOSED = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.debug.maxToStringFields": "0",
}
"""What no cluster may do otherwise: traffic and spilt blocks are encrypted, nothing is shown or recorded."""


@dataclass(frozen=True, slots=True)
class SparkPlace:
    """Where linkage computes: a master's address, the driver's own, a folder, and its memory."""

    master: str
    folder: Path
    """In which each session has one of its own, for blocks that do not fit into memory, encrypted."""
    driver_address: str = "127.0.0.1"
    driver_memory: str = "2g"
    """Of Java, where there is no `java` yet."""
    executor_memory: str = "2g"
    secret: str | None = field(default=None, repr=False)
    """What the cluster's members know; a master that runs in this process (local[n]) makes its own."""
    java: Java | None = None
    """What starts Java; without it each session begins a process of its own that does."""


@contextmanager
def spark_session(place: SparkPlace) -> Iterator[SparkSession]:
    """A session for one linkage; its Java process ends with it.

    Raises CannotLink(spark-absent) without pyspark or Java, and CannotLink(spark-unreachable) where the
    master does not answer or gives no executor, within five minutes. A cluster that has none for two
    later on has its jobs cancelled: they raise what Spark does.
    """
    with ExitStack() as open_now:
        with _refused(RefusalCode.SPARK_ABSENT):
            folder = open_now.enter_context(TemporaryDirectory(prefix="spark-", dir=place.folder))
            java, gateway = _gateway(place, open_now)
        with (
            _ended_after(SECONDS_TO_JOIN, java),
            _refused(RefusalCode.SPARK_UNREACHABLE),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            session = _session(place, folder, gateway)
            open_now.enter_context(_never_left_waiting(session.sparkContext))
            session.range(1).count()  # a master may answer and have no executor
        yield session


def _gateway(place: SparkPlace, open_now: ExitStack) -> tuple[Java, Any]:
    """To a fresh Java process, of the process beside or of one that is begun for this session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions of libraries that are not used here
        from pyspark.java_gateway import launch_gateway  # noqa: PLC0415 - an extra
    java = place.java
    if java is None:
        java = Java(place.driver_memory)
        open_now.callback(java.close)
    port, secret = java.start()
    open_now.callback(java.end)
    # pyspark's own way to be told of a Java process that there is.
    told = {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
    os.environ.update(told)
    try:
        gateway = launch_gateway()
    finally:
        for name in told:
            del os.environ[name]
    open_now.callback(_leave, gateway)
    return java, gateway


@contextmanager
def _ended_after(seconds: float, java: Java) -> Iterator[None]:
    """What Spark does not give up by itself fails when its Java process is ended."""
    patience = Timer(seconds, java.end)
    patience.daemon = True
    patience.start()
    try:
        yield
    finally:
        patience.cancel()


def _session(place: SparkPlace, folder: str, gateway: Any) -> SparkSession:  # noqa: ANN401 - of py4j
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - an extra
    from pyspark.sql import SparkSession  # noqa: PLC0415

    # Told to the running Java process: a command line is for every user of the machine to read.
    settings = SparkConf(loadDefaults=False).setAll(list(_settings(place, folder).items()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = SparkContext(conf=settings, gateway=gateway)
        context.setLogLevel("OFF")
        session = SparkSession(context)
    session.conf.set("spark.sql.shuffle.partitions", str(TASKS_PER_CORE * context.defaultParallelism))
    return session


@contextmanager
def _never_left_waiting(context: SparkContext) -> Iterator[None]:
    """Jobs of a cluster that has had no executor for two minutes are cancelled: Spark would wait for ever."""
    ended = Event()
    watch = Thread(target=_watch, args=(context, ended), daemon=True)
    if not context.master.startswith("local"):
        watch.start()
    try:
        yield
    finally:
        ended.set()


def _watch(context: SparkContext, ended: Event) -> None:
    alone = 0
    with suppress(Exception):  # Java has ended: every job has failed by then
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            # The driver is a member of its own.
            executors = context._jsc.sc().getExecutorMemoryStatus().size() - 1  # noqa: SLF001 - no public way
            alone = 0 if executors else alone + SECONDS_BETWEEN_LOOKS
            if alone >= SECONDS_WITHOUT_EXECUTORS:
                context.cancelAllJobs()


def _settings(place: SparkPlace, folder: str) -> dict[str, str]:
    given = CLOSED | {
        "spark.app.name": "linkage",
        "spark.master": place.master,
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": folder,
        "spark.executor.memory": place.executor_memory,
        "spark.driver.host": place.driver_address,
        "spark.driver.bindAddress": place.driver_address,
    }
    return given if place.secret is None else given | {"spark.authenticate.secret": place.secret}


@contextmanager
def _refused(code: RefusalCode) -> Iterator[None]:
    """Whatever goes wrong is this refusal, without the words of a library."""
    try:
        yield
    except Exception:  # noqa: BLE001 - pyspark, py4j and the operating system each have their own
        raise CannotLink(code) from None


def _leave(gateway: Any) -> None:  # noqa: ANN401 - of py4j
    """Stop Spark, also where it never came up."""
    from pyspark import SparkContext  # noqa: PLC0415 - an extra

    with suppress(Exception):
        if (context := SparkContext._active_spark_context) is not None:  # noqa: SLF001 - no public way
            context.stop()
    with suppress(Exception):
        gateway.shutdown()
    # Else the next session would find the ended process.
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
