"""Deliveries of providers."""

from __future__ import annotations

from service.problems.problem import Problem


class PackageUnreadable(Problem):
    """The delivery is not a package as tre-provider seals it: something is missing, cut short or moved."""

    slug, title, status = "package-unreadable", "Package unreadable", 422
    remedy = "Send the .tresub file again, whole; if it fails again, seal it anew."


class ManifestRefused(Problem):
    """The manifest is not signed by the key that is registered for you."""

    slug, title, status = "manifest-refused", "Manifest refused", 422
    remedy = "Seal with the key that the permit names for your organisation."


class ManifestMismatch(Problem):
    """The manifest names a project, provider, data set, column or catalogue that does not belong here."""

    slug, title, status = "manifest-mismatch", "Manifest mismatch", 422
    remedy = "Seal again with this project's file; the permit lists the data sets you may send."


class PartsDiffer(Problem):
    """A sealed part is not the one that the manifest was signed over."""

    slug, title, status = "parts-differ", "Parts differ from the manifest", 422
    remedy = "Send the .tresub file again, unchanged; if it fails again, seal it anew."


class WrongRecipient(Problem):
    """A part is sealed to a key that is not the current key of the worker that has to open it."""

    slug, title, status = "wrong-recipient", "Sealed to another key", 422
    remedy = "Fetch the project file again and seal anew; `current` shows the key in force."


class WrongLinkageProfile(Problem):
    """The identifiers were encoded in another linkage profile than the permit names."""

    slug, title, status = "wrong-linkage-profile", "Wrong linkage profile", 422
    remedy = "Fetch the project file again and seal anew; `current` shows the profile that the permit names."


class WrongLinkageSecret(Problem):
    """The tokens were made with another project linkage secret."""

    slug, title, status = "wrong-linkage-secret", "Wrong linkage secret", 422
    remedy = "Fetch the project's secret with tre-provider secret fetch, and seal again."


class CounterNotRising(Problem):
    """A delivery with this counter, or a later one, was received already."""

    slug, title, status = "counter-not-rising", "Counter not rising", 409
    remedy = "Seal again: tre-provider counts for you; the earlier delivery stands."
