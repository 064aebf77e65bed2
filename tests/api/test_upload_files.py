"""An upload's file, when somebody else was quicker."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from service.problems.requests import NotFound
from service.uploads.files import held, make


@pytest.mark.parametrize("another", [False, True])
def test_a_file_that_its_holder_removed_before_our_lock_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, another: bool
) -> None:
    path, lock = tmp_path / "upload", fcntl.flock
    make(path)

    def quicker(file: int, how: int) -> None:
        path.unlink()
        if another:
            make(path)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", quicker)
    with pytest.raises(NotFound), held(path):
        pass
