"""Files in folders where somebody hostile may write too: links, pipes, and changes between two looks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from linkage_engine.contract.manifest import Part, Zone
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from service.worker.deliveries import Delivery, sealed_part
from service.worker.files import CHUNK, digest_of, held_to, open_regular, replace_bytes
from tests.factories import a_tar

SEALED = b"sealed" * CHUNK
CODE = RefusalCode.PART_DIFFERS_FROM_MANIFEST


def link(path: Path) -> None:
    path.with_name("target").write_bytes(b"somebody else's")
    path.symlink_to(path.with_name("target"))


NO_FILES: dict[str, Callable[[Path], object]] = {
    "link": link,
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_only_a_regular_file_is_opened_and_nothing_is_waited_for(tmp_path: Path, kind: str) -> None:
    NO_FILES[kind](tmp_path / "file")
    with pytest.raises(OSError):  # noqa: PT011  # whatever the system says
        open_regular(tmp_path / "file")


def test_bytes_that_stayed_are_read_to_their_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(SEALED)
    with held_to(path.open("rb"), hashlib.sha256(SEALED).hexdigest(), CODE) as file:
        assert file.read() == SEALED


CHANGES: dict[str, bytes] = {
    "other bytes": SEALED[:-1] + b"D",
    "fewer": SEALED[:-CHUNK],
    "more": SEALED + b"D",
    "none": b"",
}


@pytest.mark.parametrize("change", CHANGES)
def test_bytes_that_were_changed_after_they_were_digested_have_no_end(tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(SEALED)
    with path.open("rb") as first:
        digest = digest_of(first)
    path.write_bytes(CHANGES[change])
    file = held_to(path.open("rb"), digest, CODE)
    with pytest.raises(NotTrusted) as refused, file:
        digest_of(file)
    assert refused.value.code is CODE


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    vault = tmp_path / "vault object"
    vault.write_bytes(b"records")
    (tmp_path / ".hand-over.partial").symlink_to(vault)
    replace_bytes(tmp_path / "hand-over", SEALED)
    assert vault.read_bytes() == b"records"
    assert (tmp_path / "hand-over").read_bytes() == SEALED
    assert not (tmp_path / "hand-over").is_symlink()


def test_what_a_killed_writer_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".file.partial").write_bytes(b"half of something longer" * 100)
    replace_bytes(tmp_path / "file", b"whole")
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- parts of a delivery, which the api owns


def a_part(data: bytes = SEALED) -> Part:
    return Part(
        name="death",
        zone=Zone.ANALYSIS,
        sealed_sha256=hashlib.sha256(data).hexdigest(),
        sealed_bytes=len(data),
        rows=1,
        columns=("a",),
        uncompressed_bytes=1,
        recipient="age1pq1x",
    )


def delivered(path: Path, data: bytes = SEALED) -> Delivery:
    path.write_bytes(a_tar([("manifest.jws", b"a.b.c"), ("death.age", data)]))
    return Delivery(cast("Any", None), path)


def test_a_part_is_read_as_its_provider_signed_it(tmp_path: Path) -> None:
    with sealed_part(delivered(tmp_path / "package"), a_part()) as sealed:
        assert sealed.read() == SEALED


def test_a_part_that_is_changed_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "package"
    with sealed_part(delivered(path), a_part()) as sealed:
        sealed.read(len(SEALED) // 2)
        delivered(path, b"forged" * CHUNK)  # as long, and in place
        with pytest.raises(NotTrusted) as refused:
            sealed.read()
    assert refused.value.code is CODE


def test_a_part_that_is_cut_short_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "package"
    with sealed_part(delivered(path), a_part()) as sealed:
        sealed.read(10)
        os.truncate(path, 3000)
        with pytest.raises(NotTrusted) as refused:
            sealed.read()
    assert refused.value.code is CODE


@pytest.mark.parametrize("kind", NO_FILES)
def test_a_delivery_that_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    NO_FILES[kind](tmp_path / "package")
    with (
        pytest.raises(NotTrusted) as refused,
        sealed_part(Delivery(cast("Any", None), tmp_path / "package"), a_part()),
    ):
        pass
    assert refused.value.code is CODE


def test_a_fault_of_whoever_reads_is_not_called_the_parts(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="no room in the vault"),
        sealed_part(delivered(tmp_path / "package"), a_part()),
    ):
        raise OSError("no room in the vault")
