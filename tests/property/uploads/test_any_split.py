"""However a file is cut into pieces, and whatever breaks on the way, the same bytes lie there at the end."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from service.problems.requests import StorageFull
from service.problems.uploads import ChecksumDiffers
from service.uploads import intake
from service.uploads.files import held, make
from service.uploads.intake import Piece, take_in
from service.uploads.rules import Checksum

WHOLE, DISCONNECTED, KILLED, FULL, DAMAGED = "whole", "disconnected", "killed", "full", "damaged"


class Killed(BaseException):
    """The process is gone: nothing is tidied up."""


pieces = st.lists(
    st.tuples(
        st.integers(1, 400),  # how long the piece is
        st.integers(0, 400),  # how much of it comes before it breaks
        st.sampled_from([WHOLE, WHOLE, DISCONNECTED, KILLED, FULL, DAMAGED]),
        st.booleans(),  # with a checksum
    ),
    max_size=30,
)


@contextmanager
def small_steps() -> Iterator[None]:
    """Noted every hundred bytes instead of every sixteen million."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "NOTE_BYTES", 100)
        patch.setattr(intake, "GATHER_BYTES", 30)
        yield


async def _body(data: bytes, comes: int, breaks: str) -> AsyncIterator[bytes]:
    sent = data if breaks == WHOLE else data[:comes]
    for at in range(0, len(sent), 17):
        yield sent[at : at + 17]
    if breaks == DISCONNECTED:
        raise ClientDisconnect
    if breaks == KILLED:
        raise Killed
    if breaks == FULL:
        raise OSError(28, "No space left on device")
    if breaks == DAMAGED:
        yield bytes(len(data) - len(sent))


def _piece_sent(path: Path, data: bytes, stands_at: int, piece: tuple[int, int, str, bool]) -> int:
    """The offset that the service knows of afterwards, from what it noted and answered alone."""
    length, comes, breaks, checked = piece
    part = data[stands_at : stands_at + length]
    checked = checked or breaks == DAMAGED  # without a checksum nobody can tell
    checksum = Checksum("sha256", hashlib.sha256(part).digest()) if checked else None
    noted = [stands_at]
    with held(path) as file:
        body = _body(part, min(comes, max(len(part) - 1, 0)), breaks)
        upload = Piece(file, stands_at, len(part), checksum)
        with suppress(Killed, StorageFull, ChecksumDiffers):
            noted.append(asyncio.run(take_in(body, upload, note=noted.append, idle_seconds=5)))
    assert path.stat().st_size >= noted[-1]
    assert path.read_bytes()[: noted[-1]] == data[: noted[-1]]
    assert noted[-1] in {stands_at, stands_at + len(part)} or not checked
    return noted[-1]


@given(data=st.binary(min_size=1, max_size=2000), split=pieces)
def test_any_split_with_any_breaks_gives_the_same_bytes(
    data: bytes, split: list[tuple[int, int, str, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, small_steps():
        path = Path(folder) / "upload"
        make(path)
        stands_at = 0
        for piece in split:
            stands_at = _piece_sent(path, data, stands_at, piece)
        rest = (len(data), 0, WHOLE, False)
        assert _piece_sent(path, data, stands_at, rest) == len(data)
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest()


def test_a_long_piece_without_a_checksum_is_noted_on_the_way(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4
    path = tmp_path / "upload"
    make(path)
    with small_steps():
        reached = _piece_sent(path, data, 0, (len(data), 950, KILLED, False))
        assert 850 <= reached <= 950
        assert _piece_sent(path, data, reached, (len(data), 0, WHOLE, False)) == len(data)
    assert path.read_bytes() == data


def test_a_piece_with_a_checksum_is_not_kept_in_part(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4
    path = tmp_path / "upload"
    make(path)
    with small_steps():
        for breaks in (KILLED, DISCONNECTED, FULL, DAMAGED):
            assert _piece_sent(path, data, 0, (len(data), 950, breaks, True)) == 0


def test_a_fault_that_is_no_full_disk_stays_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    make(path)

    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise OSError(5, "Input/output error")

    with held(path) as file, pytest.raises(OSError, match="Input/output"):
        asyncio.run(take_in(broken(), Piece(file, 0, 10), note=lambda _: None, idle_seconds=5))


def test_a_disk_without_room_for_another_file_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.open", no_room)
    with pytest.raises(StorageFull):
        make(tmp_path / "upload")
