"""The Spark cluster that the linkage worker may compare pairs on, as its settings name it."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

from linkage_engine.link.spark_session import SparkPlace
from service.keys import others_can_read
from service.problems.tools import KeyFolderUnusable
from service.settings import LinkageSettings


def spark_place(settings: LinkageSettings) -> SparkPlace | None:
    """Where permits that ask for Spark have their pairs compared, or nothing; raises KeyFolderUnusable.

    That is for a secret that cannot be read, is empty, or that others can read.
    """
    if settings.spark_master is None:
        return None
    return SparkPlace(
        master=settings.spark_master,
        folder=settings.spark_folder or Path(gettempdir()),
        driver_address=settings.spark_driver_address,
        driver_memory=settings.spark_driver_memory,
        secret=None if settings.spark_secret is None else _secret(settings.spark_secret),
    )


def _secret(path: Path) -> str:
    try:
        text = "" if others_can_read(path) else path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise KeyFolderUnusable
    return text
