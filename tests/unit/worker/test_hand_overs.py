"""Files from worker to worker, on a real disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import HandOverKind
from service.signed import SigningKey
from service.worker.files import CHUNK, digest_of, replace_bytes, replace_file
from service.worker.hand_overs import ROUTES, HandOvers
from tests.factories import PROJECT

KEY = SigningKey.generate()
RUN = "ab" * 16
SEALED = b"sealed" * CHUNK


def send(spool: Path, data: bytes = SEALED, *, key: SigningKey = KEY) -> str:
    def write(file: BinaryIO) -> None:
        file.write(data)

    kind = HandOverKind.CROSSWALK
    return HandOvers(spool).send(kind, project_id=PROJECT, subject_id=RUN, key=key, write=write)


def receive(spool: Path, *, kind: HandOverKind = HandOverKind.CROSSWALK, project_id: str = PROJECT) -> bytes:
    with HandOvers(spool).receive(kind, project_id=project_id, subject_id=RUN, sender=KEY.public) as sealed:
        return sealed.read()


def file_of(spool: Path, suffix: str) -> Path:
    return spool / "hand-overs" / "linkage" / f"crosswalk-{RUN}{suffix}"


def test_every_kind_has_a_sender_and_a_receiver() -> None:
    assert set(ROUTES) == set(HandOverKind)


def test_what_was_handed_over_is_received(tmp_path: Path) -> None:
    digest = send(tmp_path)
    assert digest == hashlib.sha256(SEALED).hexdigest()
    assert receive(tmp_path) == SEALED


def test_handing_over_again_replaces(tmp_path: Path) -> None:
    send(tmp_path, b"first")
    send(tmp_path, b"second")
    assert receive(tmp_path) == b"second"
    assert len(list((tmp_path / "hand-overs" / "linkage").iterdir())) == 2


def swap_bytes(spool: Path) -> None:
    file_of(spool, ".age").write_bytes(SEALED[:-1] + b"D")


def sign_by_another(spool: Path) -> None:
    send(spool, file_of(spool, ".age").read_bytes(), key=SigningKey.generate())


DAMAGES: dict[str, tuple[Callable[[Path], object], RefusalCode]] = {
    "altered bytes": (swap_bytes, RefusalCode.HAND_OVER_INVALID),
    "missing file": (lambda spool: file_of(spool, ".age").unlink(), RefusalCode.HAND_OVER_INVALID),
    "missing signature": (lambda spool: file_of(spool, ".jws").unlink(), RefusalCode.HAND_OVER_INVALID),
    "signature in other letters": (
        lambda spool: file_of(spool, ".jws").write_bytes(b"\xff\xfe"),
        RefusalCode.HAND_OVER_INVALID,
    ),
    "broken signature": (
        lambda spool: file_of(spool, ".jws").write_text("a.b.c"),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "another key": (sign_by_another, RefusalCode.SIGNATURE_INVALID),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_hand_over_that_was_touched_is_refused(tmp_path: Path, damage: str) -> None:
    send(tmp_path)
    act, code = DAMAGES[damage]
    act(tmp_path)
    with pytest.raises(NotTrusted) as refused:
        receive(tmp_path)
    assert refused.value.code is code


def test_a_hand_over_of_another_project_is_refused(tmp_path: Path) -> None:
    send(tmp_path)
    with pytest.raises(NotTrusted):
        receive(tmp_path, project_id="another-project")


def test_a_crosswalk_does_not_pass_for_aggregates(tmp_path: Path) -> None:
    send(tmp_path)
    for suffix in (".age", ".jws"):
        path = file_of(tmp_path, suffix)
        to = tmp_path / "hand-overs" / "analysis" / f"aggregates-{RUN}{suffix}"
        to.parent.mkdir(exist_ok=True)
        path.rename(to)
    with pytest.raises(NotTrusted):
        receive(tmp_path, kind=HandOverKind.AGGREGATES)


def test_a_file_that_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"

    def half(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # ours, without words
        replace_file(path, half)
    assert not path.exists()


def test_a_digest_is_of_the_whole_file(tmp_path: Path) -> None:
    data = bytes(CHUNK + 1)
    replace_bytes(tmp_path / "file", data)
    with (tmp_path / "file").open("rb") as file:
        assert digest_of(file) == hashlib.sha256(data).hexdigest()
