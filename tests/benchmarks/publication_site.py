"""The public site of 200 releases of 624 rows: pages, workbooks, crates, register, catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from linkage_engine.contract.query_spec import Breakdown
from service.publication.folder import write_folder
from service.publication.register.given import Given
from service.publication.register.site import site
from service.publication.register.values import Publisher
from tests.benchmarks.measure import Budget, Figures, main, seconds
from tests.unit.publication.releases import PREVALENCE, a_release

RELEASES, SECONDS = 200, 60
GROUPS, SEXES, BANDS = 26, 4, 6
"""Rows of a table: every combination, as in the demo's prevalence."""
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def figures(scale: float) -> Figures:
    """Seconds for the site and its files on disk, and how much it is."""
    count = max(1, round(RELEASES * scale))
    spec = PREVALENCE.model_copy(
        update={"breakdowns": (Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND)}
    )
    told = {"numerator": 120, "denominator": 15000, "percent": 0.8, "per_100_000": 800}
    names = [
        [*(f"{kind} {number}" for number in range(size - 1)), "Total"]
        for kind, size in (("Group", GROUPS), ("Sex", SEXES), ("Band", BANDS))
    ]
    numbers = dict.fromkeys(product(*names), told)
    releases = {
        f"{number:032x}": a_release(spec, numbers, release_id=f"{number:032x}") for number in range(count)
    }
    publisher = Publisher(title="Site", name="Us", contact="us@example.org", address="https://example.org/")
    given = Given(publisher, (), releases, {}, None)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "site"
        taken = seconds(lambda: write_folder(site(given, NOW), out))
        files = [path for path in out.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
    return {"releases": count, "rows": len(numbers), "files": len(files), "bytes": size, "seconds": taken}


if __name__ == "__main__":
    main(figures, Budget("seconds", SECONDS, at_least=False))
