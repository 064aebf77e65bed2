"""Rules and rounding of a table of 10,000 cells over 200,000 people: control by itself, without any audit."""

from __future__ import annotations

import gc
import time
from statistics import median

import numpy as np

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance
from tests.benchmarks.measure import Budget, Figures, main

PEOPLE, SIDE = 200_000, 99
TURNS = 9
POLICY = Policy.from_json(policy_text("nhs-cancer-default"))
PROVENANCE = Provenance(specification_sha256="ab" * 32, data_version="made-up")


def figures(scale: float) -> Figures:
    """Seconds and processor seconds, medians of nine turns each; the table is made before.

    The second nine are without garbage collection, which goes through all sets of people each time.
    """
    table = prevalence(round(PEOPLE * scale), SIDE)
    taken, worked = zip(*(turn(table) for _ in range(TURNS)), strict=True)
    gc.disable()
    uncollected = [turn(table)[1] for _ in range(TURNS)]
    gc.enable()
    return {
        "people": round(PEOPLE * scale),
        "cells": len(table.cells),
        "control_seconds": median(taken),
        "control_processor_seconds": median(worked),
        "control_processor_seconds_uncollected": median(uncollected),
    }


def turn(table: ExactTable) -> tuple[float, float]:
    """Seconds and processor seconds of control."""
    started, worked = time.perf_counter(), time.process_time()
    control(table, POLICY, provenance=PROVENANCE, withheld=())
    return time.perf_counter() - started, time.process_time() - worked


def prevalence(people: int, side: int) -> ExactTable:
    """Two dimensions of so many groups with their totals; one person in eight has the outcome."""
    random = np.random.default_rng(1)
    everybody = np.arange(people, dtype=np.int32)
    first, second = random.integers(side, size=(2, people))
    counted = random.random(people) < 1 / 8
    cells = []
    for row in range(side + 1):
        of_row = everybody[(first == row) | (row == side)]
        for column in range(side + 1):
            whom = of_row if column == side else of_row[second[of_row] == column]
            labels = tuple(TOTAL if place == side else f"{place}" for place in (row, column))
            cells.append(ExactCell(labels, whom, {"numerator": whom[counted[whom]]}))
    measures = analysis_template("prevalence").measures
    return ExactTable("People", "prevalence", ("area", "site"), measures, tuple(cells))


if __name__ == "__main__":
    main(figures, Budget("control_processor_seconds", 0.05, at_least=False))
