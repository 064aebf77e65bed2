"""Signed-in reads a second from a real api process."""

from __future__ import annotations

import http
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from tests.benchmarks.live_api import Headers, LiveApi, asked, live_api
from tests.benchmarks.measure import Budget, Figures, main
from tests.factories import PROJECT

READS = 3000
READERS = 4
PATH = f"/projects/{PROJECT}"
BUDGETS = (Budget("reads_per_second", 400), Budget("p99_seconds", 0.05, at_least=False))


def figures(scale: float) -> Figures:
    """A researcher's look at a project, by four readers at once over connections that stay open."""
    each = max(25, round(READS * scale) // READERS)
    with live_api() as api, ThreadPoolExecutor(READERS) as readers:
        proving = api.proving("rosalind")
        _read(api, api.signed(proving, PATH, 50))
        # Made before the clock starts: what signing costs is the client's.
        signed = [api.signed(proving, PATH, each) for _ in range(READERS)]
        spent, started = api.processor_seconds(), time.perf_counter()
        waits = list(chain(*readers.map(lambda requests: _read(api, requests), signed)))
        taken = time.perf_counter() - started
        spent = api.processor_seconds() - spent
    hundredths = statistics.quantiles(waits, n=100)
    return {
        "reads": len(waits),
        "readers": READERS,
        "reads_per_second": len(waits) / taken,
        "reads_per_processor_second_of_the_api": len(waits) / spent,
        "p50_seconds": hundredths[49],
        "p99_seconds": hundredths[98],
    }


def _read(api: LiveApi, signed: list[Headers]) -> list[float]:
    """How long each read took."""
    connection = api.connection()
    waits = [asked(connection, PATH, headers, http.HTTPStatus.OK) for headers in signed]
    connection.close()
    return waits


if __name__ == "__main__":
    main(figures, *BUDGETS)
