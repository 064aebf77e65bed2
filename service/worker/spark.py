"""The Spark cluster that the linkage worker may compare pairs on, as its settings name it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import gettempdir

from linkage_engine.link.java import Java
from linkage_engine.link.spark_session import SparkPlace
from service.keys import others_can_read
from service.problems.tools import KeyFolderUnusable
from service.settings import LinkageSettings

START = "service.sandbox.start"


def spark_place(settings: LinkageSettings) -> SparkPlace | None:
    """Where permits that ask for Spark have their pairs compared, or nothing.

    What starts Java is begun here, before the worker closes itself in. Raises KeyFolderUnusable for a secret
    that cannot be read, is empty, or that others can read.
    """
    if settings.spark_master is None:
        return None
    secret = None if settings.spark_secret is None else _secret(settings.spark_secret)
    alone = (sys.executable, "-P", "-m", START, "--java", "--parent", str(os.getpid()), "--")
    return SparkPlace(
        master=settings.spark_master,
        folder=settings.spark_folder or Path(gettempdir()),
        driver_address=settings.spark_driver_address,
        executor_memory=settings.spark_executor_memory,
        secret=secret,
        java=Java(settings.spark_driver_memory, begun_by=alone if settings.sandbox else ()),
    )


def _secret(path: Path) -> str:
    try:
        text = "" if others_can_read(path) else path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise KeyFolderUnusable
    return text
