"""What the providers' tool may meet on the provider's own machine."""

from __future__ import annotations

from service.problems.problem import Problem


class MappingUnusable(Problem):
    """The mapping file cannot be used as it stands."""

    slug, title, status = "mapping-unusable", "Mapping unusable", 422
    remedy = "Correct the places named below; docs/guides/provider.md shows the format."


class ExtractUnreadable(Problem):
    """A file of the extract cannot be read as a table."""

    slug, title, status = "extract-unreadable", "Extract unreadable", 422
    remedy = "Export it again as CSV in UTF-8, with commas and one header row, as named in the mapping."


class ExtractFailed(Problem):
    """Rows of the extract fail checks of the catalogue; nothing was sealed."""

    slug, title, status = "extract-failed", "Extract failed", 422
    remedy = "Run tre-provider validate, correct the rows that it names, and seal again."


class DataSetUnknown(Problem):
    """The catalogue has no data set of that name."""

    slug, title, status = "data-set-unknown", "Data set unknown", 404
    remedy = "Run tre-provider dictionary --help for the names; docs/DATA-SETS.md describes each."


class DeliveryShrank(Problem):
    """The delivery has lost half of a data set, or whole quarters, since the last one; nothing was sealed."""

    slug, title, status = "delivery-shrank", "Delivery shrank", 409
    remedy = "Compare with tre-provider changes. If the loss is meant, seal with --despite-losses."


class ProjectFileUnusable(Problem):
    """The project file is not one that an operator of this service made."""

    slug, title, status = "project-file-unusable", "Project file unusable", 422
    remedy = "Ask the operator for the project file again; do not edit it."


class LinkageProfileNotServed(Problem):
    """The project file names a linkage profile that leaves identifiers readable; nothing was sealed."""

    slug, title, status = "linkage-profile-not-served", "Linkage profile not served", 422
    remedy = (
        "Ask the operator for the project file again: a permit names tokens, tokens-strict, fuzzy or bloom."
    )


class SecretUnusable(Problem):
    """The file of the project linkage secret is missing, damaged or readable by others."""

    slug, title, status = "secret-unusable", "Secret unusable", 400
    remedy = "Run tre-provider secret fetch; a file of your own needs 64 hexadecimal digits and mode 0600."


class OutputExists(Problem):
    """A file of that name exists already and was left as it is."""

    slug, title, status = "output-exists", "Output exists", 409
    remedy = "Choose another name, or move the old file away."


class ReceiptDiffers(Problem):
    """The service's receipt is for other bytes than were sent."""

    slug, title, status = "receipt-differs", "Receipt differs", 502
    remedy = "Tell the operator by telephone; keep the .tresub file."
