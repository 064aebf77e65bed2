"""Whether the time of a refusal tells what exists: somebody else's thing and one that is not there, by turns.

Welch's t of the two classes, as in the evaluation of side channels (Goodwill et al. 2011: 4.5 is the limit).
The slowest tenth of all answers is left out, so that pauses of the machine do not hide a difference.
"""

from __future__ import annotations

import http
import statistics
from collections.abc import Sequence

import numpy as np

from service.clock import new_id, utc_now
from tests.benchmarks.live_api import LiveApi, asked, live_api
from tests.benchmarks.measure import Budget, Figures, main
from tests.factories import PROJECT, Chance

SAMPLES = 20_000
"""Of each class."""
AT_ONCE = 500
"""Proofs of the requests that are signed beforehand: they are believed for a minute."""
LIMIT = 4.5
BUDGETS = (
    Budget("t_of_projects", LIMIT, at_least=False),
    Budget("t_of_deliveries", LIMIT, at_least=False),
)


def figures(scale: float) -> Figures:
    """A project and a delivery of others, and ones that are not there, asked for in random order."""
    samples = max(200, round(SAMPLES * scale))
    with live_api("linked") as api:
        theirs = api.service.receive("northern-trust", counter=9)
        absent = new_id(utc_now, Chance(b"absent"))
        projects = _differ(api, "rick", (f"/projects/{PROJECT}", "/projects/no-such-study"), samples)
        deliveries = _differ(
            api, "southern-trust", (f"/submissions/{theirs}", f"/submissions/{absent}"), samples
        )
    return {"samples_a_class": samples, "t_of_projects": projects, "t_of_deliveries": deliveries}


def welch_t(one: Sequence[float], other: Sequence[float]) -> float:
    """The size of Welch's t of two samples."""
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    difference = abs(statistics.fmean(one) - statistics.fmean(other))
    return float(difference / spread**0.5) if spread else 0.0 if not difference else float("inf")


def _differ(api: LiveApi, name: str, paths: tuple[str, str], samples: int) -> float:
    proving, connection, order = api.proving(name), api.connection(), np.random.default_rng(1)
    taken: dict[str, list[float]] = {path: [] for path in paths}
    while len(taken[paths[0]]) < samples:
        turns = [path for path in paths for _ in range(min(AT_ONCE, samples))]
        order.shuffle(turns)
        signed = {path: iter(api.signed(proving, path, AT_ONCE)) for path in paths}
        for path in turns:
            taken[path].append(asked(connection, path, next(signed[path]), http.HTTPStatus.NOT_FOUND))
    connection.close()
    limit = statistics.quantiles([*taken[paths[0]], *taken[paths[1]]], n=10)[8]
    return welch_t(*([each for each in taken[path] if each <= limit] for path in paths))


if __name__ == "__main__":
    main(figures, *BUDGETS)
