"""A delivery as a worker believes it: its signed manifest, and parts that are what it declares."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from linkage_engine.contract.manifest import Manifest, Part
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from service.act import Act
from service.linkage_secrets.records import ceremony_of
from service.submissions.records import Submission, submission_by_id
from service.submissions.spool import kept_path
from service.worker import trust
from service.worker.files import digest_of, held_to, open_regular
from service.worker.newest import Newest, hold_to_newest
from service.worker.permits import permit_of
from service.worker.roles import Surroundings


@dataclass(frozen=True)
class Delivery:
    """A received delivery: what its provider signed, and where its sealed parts lie."""

    manifest: Manifest
    path: Path


def delivery_of(act: Act, surroundings: Surroundings, submission: Submission) -> Delivery:
    """The delivery of a submission, if its provider signed it and the live permit allows it."""
    permit = permit_of(act, surroundings, submission.project_id, live=True)
    ceremony = ceremony_of(act.session, permit.project_id, permit.secret_epoch)
    manifest = trust.manifest(submission.manifest, permit, ceremony.statement if ceremony else None)
    return Delivery(manifest, kept_path(surroundings.spool, submission.sealed_sha256))


def hold_to_newest_of(surroundings: Surroundings, manifest: Manifest) -> None:
    """Raise NotTrusted for a delivery that its provider sent before another which was linked already."""
    path = surroundings.newest / manifest.project_id / "deliveries" / f"{manifest.provider_id}.json"
    newest = Newest(number=manifest.counter, what=manifest.delivery_id)
    hold_to_newest(path, newest, RefusalCode.DELIVERY_OUTDATED)


def received(act: Act, submission_id: str) -> Submission:
    """The submission of that id; jobs are enqueued with it, so it is there."""
    submission = submission_by_id(act.session, submission_id)
    assert submission is not None
    return submission


@contextmanager
def sealed_part(delivery: Delivery, part: Part) -> Iterator[BinaryIO]:
    """The sealed bytes of a part; raises NotTrusted unless they are those the manifest was signed over.

    Also while they are read: the api owns the file, and could change it after they were digested.
    """
    with ExitStack() as opened:
        try:
            file = opened.enter_context(open_regular(delivery.path))
            package = opened.enter_context(tarfile.open(fileobj=file, mode="r:"))
            member = _member(package, part)
        except (tarfile.TarError, OSError, KeyError):
            raise NotTrusted(RefusalCode.PART_DIFFERS_FROM_MANIFEST) from None
        yield held_to(member, part.sealed_sha256, RefusalCode.PART_DIFFERS_FROM_MANIFEST)


def _member(package: tarfile.TarFile, part: Part) -> BinaryIO:
    file = cast("BinaryIO | None", package.extractfile(f"{part.name}.age"))
    if file is None or digest_of(file) != part.sealed_sha256:
        raise NotTrusted(RefusalCode.PART_DIFFERS_FROM_MANIFEST)
    file.seek(0)
    return file
