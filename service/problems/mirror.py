"""Vetoes of providers."""

from __future__ import annotations

from service.problems.problem import Problem


class VetoRefused(Problem):
    """The veto is not signed by the provider who sends it, or is not about this release."""

    slug, title, status = "veto-refused", "Veto refused", 422
    remedy = "Sign it with the key that the permit names: tre-provider veto."


class TighteningRefused(Problem):
    """The tightening is not signed by the provider who sends it, of another project, or loosens something."""

    slug, title, status = "tightening-refused", "Tightening refused", 422
    remedy = (
        "Sign it with the key that the permit names: tre-provider tighten. Name the permit's policy with "
        "more people than it asks for, or a stricter policy that the service ships."
    )


class TooLateToVeto(Problem):
    """The release has left already, or will not leave."""

    slug, title, status = "too-late-to-veto", "Too late to veto", 409
    remedy = "Read `state`; what has left cannot be called back: speak to governance."
