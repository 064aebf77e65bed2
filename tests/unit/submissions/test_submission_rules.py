"""Deliveries: states as a table, packages byte by byte, remedies for every refusal."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.refusals import RefusalCode
from service.problems.submissions import CounterNotRising, PackageUnreadable
from service.submissions import rules
from service.submissions.package import BLOCK, RECORD, read_package
from service.submissions.remedies import REMEDIES, TELL_OPERATOR, remedy_of
from service.submissions.rules import (
    TRANSITIONS,
    PartState,
    SubmissionEvent,
    SubmissionState,
    event_of,
    next_state,
)
from tests.factories import a_tar

GOOD = (("manifest.jws", b"a.b.c"), ("identifiers.age", b"i" * 700), ("death.age", b"d" * 512))


def test_every_state_and_event_has_its_place_in_the_table() -> None:
    ends = {SubmissionState.REJECTED, SubmissionState.SUPERSEDED}
    assert {state for state, _ in TRANSITIONS} == set(SubmissionState) - ends
    assert {event for _, event in TRANSITIONS} == set(SubmissionEvent)
    assert set(TRANSITIONS.values()) == set(SubmissionState) - {SubmissionState.RECEIVED}
    assert all(next_state(state, event) is state for state in ends for event in SubmissionEvent)


@given(st.lists(st.sampled_from(PartState), min_size=1, max_size=5))
def test_one_refused_part_refuses_and_only_all_unsealed_accept(parts: list[PartState]) -> None:
    event = event_of(parts)
    assert (event is SubmissionEvent.PART_REJECTED) == (PartState.REJECTED in parts)
    assert (event is SubmissionEvent.ALL_UNSEALED) == (set(parts) == {PartState.UNSEALED})


@given(st.integers(0, 100), st.integers(0, 100))
def test_counters_rise(counter: int, last: int) -> None:
    if counter > last:
        rules.check_counter(counter, last)
    else:
        with pytest.raises(CounterNotRising):
            rules.check_counter(counter, last)


def test_every_refusal_has_something_to_do_about_it() -> None:
    assert all(remedy_of(code.value).endswith(".") for code in RefusalCode)
    assert remedy_of(RefusalCode.NOTHING_TO_LINK.value) == TELL_OPERATOR
    assert set(REMEDIES) < set(RefusalCode)


# --- the package


def package(folder: Path, data: bytes) -> Path:
    path = folder / "package"
    path.write_bytes(data)
    return path


def test_a_package_is_its_manifest_and_its_parts_in_order(tmp_path: Path) -> None:
    read = read_package(package(tmp_path, a_tar(GOOD)))
    assert read.manifest == "a.b.c"
    assert [(name, size) for name, (size, _) in read.members.items()] == [
        ("identifiers.age", 700),
        ("death.age", 512),
    ]


@pytest.mark.parametrize(
    "members",
    [
        (),
        GOOD[1:],
        (GOOD[1], GOOD[0]),
        (("manifest.jws", b""),),
        (("manifest.jws", b"x" * ((1 << 20) + 1)),),
        (("manifest.jws", b"\xff"),),
        (*GOOD, GOOD[1]),
        (GOOD[0], *((f"p{n}.age", b"p") for n in range(65))),
    ],
    ids=["empty", "no manifest", "manifest later", "no text", "long text", "not text", "twice", "many"],
)
def test_other_members_are_no_package(tmp_path: Path, members: tuple[tuple[str, bytes], ...]) -> None:
    with pytest.raises(PackageUnreadable):
        read_package(package(tmp_path, a_tar(members)))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, b"7"]
)
def test_only_regular_members_are_read(tmp_path: Path, kind: bytes) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("manifest.jws")
        info.type, info.linkname = kind, "elsewhere"
        tar.addfile(info)
    with pytest.raises(PackageUnreadable):
        read_package(package(tmp_path, target.getvalue()))


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_other_kinds_of_tar_are_refused(tmp_path: Path, form: int) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form, pax_headers={"comment": "x"}) as tar:
        info = tarfile.TarInfo("manifest.jws")
        info.size = 5
        tar.addfile(info, io.BytesIO(b"a.b.c"))
    with pytest.raises(PackageUnreadable):
        read_package(package(tmp_path, target.getvalue()))


@pytest.mark.parametrize("cut", [1, BLOCK, BLOCK + 3, 3 * BLOCK, 4 * BLOCK - 1])
def test_a_package_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    with pytest.raises(PackageUnreadable):
        read_package(package(tmp_path, a_tar(GOOD)[:cut]))


def test_nothing_is_hidden_behind_the_end_or_in_the_padding(tmp_path: Path) -> None:
    whole = a_tar(GOOD)
    hidden = bytearray(whole)
    hidden[BLOCK + 20] = 1  # the padding of the manifest
    for data in (whole + b"\x00" * RECORD, whole + b"x", whole[:-1] + b"x", bytes(hidden)):
        with pytest.raises(PackageUnreadable):
            read_package(package(tmp_path, data))


def test_a_flipped_bit_anywhere_in_a_header_is_refused_or_changes_what_is_read(tmp_path: Path) -> None:
    whole = a_tar(GOOD)
    read = read_package(package(tmp_path, whole))
    for place in range(BLOCK):
        changed = bytearray(whole)
        changed[place] ^= 0x01
        try:
            again = read_package(package(tmp_path, bytes(changed)))
        except PackageUnreadable:
            continue
        # What a reader of tar ignores (spaces around numbers) reads the same.
        assert (again.manifest, again.members) == (read.manifest, read.members), place
