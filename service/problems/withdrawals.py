"""Withdrawals of providers."""

from __future__ import annotations

from service.problems.problem import Problem


class WithdrawalRefused(Problem):
    """The withdrawal is not signed by your registered key, or is about another project or list of persons."""

    slug, title, status = "withdrawal-refused", "Withdrawal refused", 422
    remedy = "Nobody was withdrawn. Run tre-provider withdraw again with the key folder that you registered."
