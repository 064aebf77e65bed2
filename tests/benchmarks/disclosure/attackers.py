"""Ten kinds of attackers, 2,000 adaptive questions each, as `tre-evaluate disclosure attack` asks them."""

from __future__ import annotations

from linkage_engine.laboratory.disclosure.attack.baseline import one_plain_table
from linkage_engine.laboratory.disclosure.attack.run import Asked, evaluate
from tests.benchmarks.measure import Budget, Figures, main

QUESTIONS = 2_000
BUDGETS = (
    Budget("least_strength", 0.95),
    Budget("determined", 0, at_least=False),
    Budget("most_of_everybody", 0.6, at_least=False),
    Budget("most_of_targets_within_budget", 0.7, at_least=False),
)
"""Everybody's outcome is what bulk questions are after, and one person's what trackers are."""


def figures(scale: float) -> Figures:
    """Each kind under both ways with questions over the budget, and the worst of all."""
    asked = Asked(questions=round(QUESTIONS * scale))
    found = list(evaluate(asked))
    within = [each for each in found if each.over_budget == "refuse"]
    return {
        "questions": asked.questions,
        "people": asked.persons,
        "bit_accuracy_of_one_plain_table": one_plain_table(asked.cohort()),
        "least_strength": min(each.attacker_strength for each in found),
        "determined": sum(each.determined_groups + each.determined_persons for each in found),
        "determined_unlisted": sum(each.determined_unlisted for each in found),
        "determined_unlisted_larger": sum(each.determined_unlisted_larger for each in found),
        "most_of_everybody": max(each.bit_accuracy_of_all for each in within),
        "most_of_targets_within_budget": max(each.bit_accuracy for each in within),
        "kinds": [each.as_json() for each in found],
    }


if __name__ == "__main__":
    main(figures, *BUDGETS)
