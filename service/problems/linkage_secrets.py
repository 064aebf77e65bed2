"""The ceremony of the project linkage secret: at the service, and on a provider's own machine."""

from __future__ import annotations

from service.problems.problem import Problem


class NotTheLead(Problem):
    """Only the lead provider that the permit names makes the project linkage secret."""

    slug, title, status = "not-the-lead", "Not the lead provider", 403
    remedy = "Fetch the secret with tre-provider secret fetch; the project's page names the lead provider."


class NoLinkageSecret(Problem):
    """The lead provider has not made the project linkage secret of this epoch yet."""

    slug, title, status = "no-linkage-secret", "No linkage secret yet", 409
    remedy = "Ask the lead provider to run tre-provider secret make, then try again."


class LinkageSecretExists(Problem):
    """The project linkage secret of this epoch was made already; nothing was changed."""

    slug, title, status = "linkage-secret-exists", "Linkage secret exists", 409
    remedy = (
        "Fetch the one in force with tre-provider secret fetch; another one needs a permit of a new epoch."
    )


class EarlierLinkageSecret(Problem):
    """The newest deliveries of some providers were made with an earlier linkage secret of the project."""

    slug, title, status = "earlier-linkage-secret", "Earlier linkage secret", 409
    remedy = (
        "Ask the providers that are named to fetch the secret in force with tre-provider secret fetch and to "
        "send their data again: tokens of two secrets are never linked."
    )


class SecretStatementRefused(Problem):
    """The statement is not the permit's lead provider's, or is about another project, epoch or roster."""

    slug, title, status = "secret-statement-refused", "Secret statement refused", 422
    remedy = "Keep what you have, and ask the lead provider by telephone which statement it signed."


class EnvelopesDiffer(Problem):
    """A sealed secret is not the one that the lead provider's statement was signed over."""

    slug, title, status = "envelopes-differ", "Envelopes differ from the statement", 422
    remedy = "Try again; if it stays, tell the operator and the lead provider by telephone."


class EnvelopeNotYours(Problem):
    """The sealed secret does not open with the key of your key folder."""

    slug, title, status = "envelope-not-yours", "Envelope not yours", 422
    remedy = (
        "Use the key folder that you registered; if it is lost, ask governance for a permit with a new key."
    )


class KeyCheckDiffers(Problem):
    """What was in the envelope is not the secret that the lead provider's statement describes."""

    slug, title, status = "secret-key-check-differs", "Key check differs", 422
    remedy = "Nothing was kept. Ask the lead provider by telephone; its machine may be at fault."


class SecretEpochPassed(Problem):
    """You hold the secret of a newer epoch than the one that the service shows."""

    slug, title, status = "secret-epoch-passed", "Epoch of the secret has passed", 409
    remedy = "Keep what you have, and ask the operator which permit is in force."


class SecretKept(Problem):
    """Another secret of this project and epoch is kept in your key folder; it was left as it is."""

    slug, title, status = "secret-kept", "Another secret is kept", 409
    remedy = "Compare key checks with the lead provider by telephone; move the wrong file away by hand."


class KeyNotPinned(Problem):
    """You have not pinned a key that this needs, so nobody but the service says whose it is."""

    slug, title, status = "key-not-pinned", "Key not pinned", 409
    remedy = "Have its owner read it out by telephone, then run tre-provider pin or pin-governance."


class PinnedKeyDiffers(Problem):
    """A key is not the one that you pinned: it was changed on the way, or without telling you."""

    slug, title, status = "pinned-key-differs", "Pinned key differs", 409
    remedy = "Go no further. Telephone the owner of the key, then governance; nothing was sealed or sent."
