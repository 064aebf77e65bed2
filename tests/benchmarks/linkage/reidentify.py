"""What an attacker learns from the encodings of each profile: the table of docs/LINKAGE.md."""

from __future__ import annotations

from functools import partial
from statistics import fmean

from linkage_engine.contract.profiles import SERVED, LinkageProfile
from linkage_engine.laboratory.reidentification.command import encode_anew
from linkage_engine.laboratory.reidentification.evaluate import Reidentification, evaluate_reidentification
from linkage_engine.laboratory.reidentification.people import of_england
from tests.benchmarks.measure import Budget, Figures, main

SEEDS_AT = {32_000: (1, 2, 3), 200_000: (1,)}
"""Seeds of England by its number of records."""
KNOWN = (0, 10, 50, 500)


def figures(scale: float) -> Figures:
    """For each profile, number of records and number of known people, the means over seeds of every share."""
    found: Figures = {}
    worst = 0.0
    for records, seeds in SEEDS_AT.items():
        runs = {
            profile: [_run(profile, round(records * scale), seed) for seed in seeds] for profile in SERVED
        }
        for profile, done in runs.items():
            found[f"{profile}_{records}"] = _means(done)
            worst = max(worst, *(run.controls.worst() for run in done))
    strict = found[f"{LinkageProfile.TOKENS_STRICT}_32000"], found[f"{LinkageProfile.TOKENS_STRICT}_200000"]
    names = [_family_names(each) for each in strict]
    return found | {"strict_32000": names[0], "strict_200000": names[1], "worst_control": worst}


def _run(profile: LinkageProfile, records: int, seed: int) -> Reidentification:
    people = of_england(records, seed=seed)
    encode = partial(encode_anew, profile=profile, hidden=[])
    return evaluate_reidentification(people, encode, profile=profile, known=KNOWN, seed=seed)


def _means(runs: list[Reidentification]) -> dict[str, dict[str, list[float]]]:
    """By number of known people and field: the shares named in all, and beyond shared tokens."""
    return {
        str(known): {
            field: [
                fmean(run.attacks[at].fields[field].named for run in runs),
                fmean(run.attacks[at].fields[field].beyond for run in runs),
            ]
            for field in runs[0].attacks[at].fields
        }
        for at, known in enumerate(KNOWN)
    }


def _family_names(means: object) -> float:
    assert isinstance(means, dict)
    return float(means[str(KNOWN[-1])]["family_name"][1])


if __name__ == "__main__":
    main(
        figures,
        Budget("strict_32000", 0.005, at_least=False),
        Budget("strict_200000", 0.025, at_least=False),
        Budget("worst_control", 0.005, at_least=False),
    )
