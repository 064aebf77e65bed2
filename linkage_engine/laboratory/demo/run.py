"""`tre-evaluate demo`: runs the path, scores it against truth, and writes the page."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from linkage_engine.laboratory.demo import path
from linkage_engine.laboratory.demo.cast import PROJECT
from linkage_engine.laboratory.demo.commands import Journal, service_up
from linkage_engine.laboratory.demo.page import page
from linkage_engine.laboratory.demo.publishing import publish
from linkage_engine.laboratory.demo.truth import linkage_scores


def run_demo(out: Path, *, people: int, seed: int, keep: bool) -> None:
    """Run the demo into a new folder; raises StepFailed at the first step that does not do what it must.

    With `keep` the service stays up afterwards until it is interrupted.
    """
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    demo = path.Demo(out.absolute(), Journal(out.absolute()))
    with demo.journal.step("Made-up England"):
        path.make_england(demo, people, seed)
    with demo.journal.step("Installation and keys"):
        path.set_up(demo)
    log = demo.out / "service.log"
    with service_up(demo.home, log):
        demo.facts["service"] = log.read_text()
        for title, act in STEPS:
            with demo.journal.step(title):
                act(demo)
        text = page(demo)
        (demo.out / "page.txt").write_text(text)
        print(text)
        if keep:
            _stay(demo)


def _score(demo: path.Demo) -> None:
    keys = {provider: demo.at(provider, "person-keys.csv") for provider in demo.providers}
    truth = demo.out / "providers" / "truth.csv"
    demo.facts["scores"] = linkage_scores(demo.home, PROJECT, keys, truth)


STEPS: tuple[tuple[str, Callable[[path.Demo], None]], ...] = (
    ("Permit and project", path.open_project),
    ("Linkage secret: pins, ceremony", path.share_secret),
    ("Deliveries: validate, seal, submit, unseal", path.deliver_all),
    ("Linkage", path.link),
    ("Questions, answers, disclosure control", path.ask),
    ("Approvals, signatures, packages", path.check_and_fetch),
    ("A week earlier, to be subtracted", path.subtract),
    ("Log exported and verified", path.audit),
    ("Published: register, pages, crates", publish),
    ("Links compared with truth", _score),
)
"""What happens while the service is up, in order."""


def _stay(demo: path.Demo) -> None:
    """Leave the service up and say how to talk to it, until interrupted."""
    print(f"The service stays up at {demo.url}; people's key folders are in {demo.out / 'people'}.")
    print(
        f"Try: tre-researcher watch {demo.facts['queries']['prevalence']['query_id']} --url {demo.url} "
        f"--keys {demo.keys('researcher')}"
    )
    print("Press Ctrl-C to end it.", flush=True)
    ended = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    ended.wait()
