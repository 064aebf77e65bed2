"""The linkage worker knows a cluster by its settings and the cluster's secret by a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.problems.tools import KeyFolderUnusable
from service.settings import LinkageSettings
from service.worker.spark import spark_place

SECRET = "made-for-this-test"


def settings(folder: Path, **changes: object) -> LinkageSettings:
    paths = dict.fromkeys(("spool", "status_folder", "pins", "linkage_identity", "linkage_vault"), folder)
    paths |= dict.fromkeys(("linkage_at_rest_key", "linkage_hand_over_key"), folder)
    return LinkageSettings.model_validate({"database_url": "sqlite://", **paths, **changes})


def on_cluster(folder: Path) -> LinkageSettings:
    return settings(
        folder,
        profile="cluster",
        spark_master="spark://master:7077",
        spark_secret=folder / "secret",
        spark_driver_address="10.0.0.2",
        spark_folder=folder,
    )


def test_a_worker_that_was_told_of_none_has_none(tmp_path: Path) -> None:
    assert spark_place(settings(tmp_path)) is None


def test_a_cluster_is_joined_with_the_secret_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "secret").chmod(0o400)
    place = spark_place(on_cluster(tmp_path))
    assert place is not None
    assert (place.master, place.secret, place.driver_address) == ("spark://master:7077", SECRET, "10.0.0.2")
    assert SECRET not in repr(place)


def test_threads_of_this_machine_need_no_secret(tmp_path: Path) -> None:
    place = spark_place(settings(tmp_path, profile="cluster", spark_master="local[2]"))
    assert place is not None
    assert place.secret is None


@pytest.mark.parametrize(
    ("text", "mode"), [(b"secret", 0o440), (b"secret", 0o404), (b" \n", 0o400), (b"\xff", 0o400), (None, 0)]
)
def test_a_secret_that_others_can_read_or_that_is_none_starts_no_worker(
    tmp_path: Path, text: bytes | None, mode: int
) -> None:
    if text is not None:
        (tmp_path / "secret").write_bytes(text)
        (tmp_path / "secret").chmod(mode)
    with pytest.raises(KeyFolderUnusable):
        spark_place(on_cluster(tmp_path))
