"""Withdrawals of providers."""

from __future__ import annotations

from service.problems.problem import Problem


class WithdrawalRefused(Problem):
    """The withdrawal is not signed by your registered key, or is about another project or list of persons."""

    slug, title, status = "withdrawal-refused", "Withdrawal refused", 422
    remedy = "Nobody was withdrawn. Run tre-provider withdraw again with the key folder that you registered."


class DeliveryWithdrawalRefused(Problem):
    """The withdrawal is not signed by your registered key, or is about another delivery."""

    slug, title, status = "delivery-withdrawal-refused", "Delivery withdrawal refused", 422
    remedy = (
        "Nothing was destroyed. Run tre-provider withdraw-delivery with the key folder that you registered."
    )


class NotDestroyedYet(Problem):
    """Not every worker has certified the destruction, or the log does not have it yet."""

    slug, title, status = "not-destroyed-yet", "Not destroyed yet", 409
    remedy = "Ask again in a moment; if a worker failed, tell the operator, then have it done again."
