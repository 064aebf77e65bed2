"""What a run is asked for and what the permit says of its providers reach the linkage worker."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from service.jobs import Job, WorkerRole
from service.linkage_runs.actions import ask_for_run
from service.operate.installation import environment
from service.settings import AnalysisSettings, settings_for
from service.worker.roles import inside
from tests.factories import PROJECT
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY, practice_files, registry_files
from tests.integration.refusing import put_permit
from tests.integration.workshop import Workshop


def run_again(shop: Workshop, *, in_full: bool) -> None:
    with shop.acting("oliver") as act:
        run_id = ask_for_run(act, PROJECT, in_full=in_full).id
    for job in (Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.do(job, run_id)
    assert shop.run(run_id).state.value == "finished"
    (entry,) = (e for e in shop.entries() if e.action.value == "linkage-run:ask" and e.subject == run_id)
    assert entry.detail["kind"] == ("in-full" if in_full else "as-due")


def crosswalk(shop: Workshop) -> pa.Table:
    settings = settings_for(AnalysisSettings, environment(shop.home, WorkerRole.ANALYSIS.value))
    assert isinstance(settings, AnalysisSettings)
    door = inside(
        settings.analysis_identity, settings.analysis_at_rest_key, settings.analysis_vault, shop.random
    )
    return door.vault.read(PROJECT, "crosswalk")


def test_only_a_run_in_full_weighs_again_what_stayed_the_same(at: At) -> None:
    shop = at("finished")
    (kept,) = shop.home.vault("linkage").rglob("pairs/**/*.parquet")
    before, ids = kept.read_bytes(), crosswalk(shop)["link_id"].to_pylist()
    run_again(shop, in_full=False)
    assert kept.read_bytes() == before
    run_again(shop, in_full=True)
    assert kept.read_bytes() != before
    assert crosswalk(shop)["link_id"].to_pylist() == ids


def twice_registered(folder: Path) -> Path:
    """The practices' file, in which the first person has a second person id."""
    mapping = practice_files(folder)
    path = folder / "registrations.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, rows[0] | {"local_id": "G160"}])
    return mapping


@pytest.mark.parametrize(("repeating", "largest"), [((), 2), ((PRACTICES,), 3)])
def test_a_person_may_be_twice_with_providers_that_the_permit_names(
    at: At, repeating: tuple[str, ...], largest: int
) -> None:
    shop = at("opened")
    put_permit(shop, shop.permit_text(repeating_providers=repeating))
    for provider, files in ((REGISTRY, registry_files), (PRACTICES, twice_registered)):
        shop.receive(shop.desk(provider).deliver(shop.home.root / "desks" / provider, files))
    shop.drain()
    run_again(shop, in_full=False)
    sizes = crosswalk(shop).group_by("link_id").aggregate([([], "count_all")])["count_all"].to_pylist()
    assert max(sizes) == largest
