"""What the engine refuses: codes and counts, never a value of a record.

The code is the whole message, so that an exception may be logged, stored by the job
queue or shown without carrying anything of what was refused.
"""

from __future__ import annotations

from enum import StrEnum


class RefusalCode(StrEnum):
    """Every reason the engine can give."""

    # sealing and unsealing
    NOT_AN_AGE_FILE = "not-an-age-file"
    SEALED_TO_ANOTHER_KEY = "sealed-to-another-key"
    SEALED_FILE_DAMAGED = "sealed-file-damaged"
    SEALED_FILE_TOO_LARGE = "sealed-file-too-large"
    RECIPIENT_INVALID = "recipient-invalid"
    KEY_INVALID = "key-invalid"
    TOKEN_ADDRESS_INVALID = "token-address-invalid"
    TOKEN_ABSENT = "token-absent"
    TOKEN_PIN_REFUSED = "token-pin-refused"
    TOKEN_UNUSABLE = "token-unusable"
    TOKEN_KEY_DIFFERS = "token-key-differs"
    # a part against its manifest
    PART_NOT_PARQUET = "part-not-parquet"
    PART_DIFFERS_FROM_MANIFEST = "part-differs-from-manifest"
    PART_TOO_LARGE = "part-too-large"
    KEY_CHECK_DIFFERS = "key-check-differs"
    LINKAGE_PROFILE_DIFFERS = "linkage-profile-differs"
    LINKAGE_PROFILE_NOT_SERVED = "linkage-profile-not-served"
    # rows against the catalogue
    UNKNOWN_DATA_SET = "unknown-data-set"
    COLUMNS_DIFFER = "columns-differ"
    ROWS_INVALID = "rows-invalid"
    PERSON_KEYS_INVALID = "person-keys-invalid"
    PERSON_KEYS_DIFFER = "person-keys-differ"
    # linkage
    TOO_FEW_RECORDS = "too-few-records"
    NOTHING_TO_LINK = "nothing-to-link"
    LINKAGE_FAILED = "linkage-failed"
    SPARK_NOT_SET_UP = "spark-not-set-up"
    SPARK_ABSENT = "spark-absent"
    SPARK_UNREACHABLE = "spark-unreachable"
    MATCH_RATE_UNEXPECTED = "match-rate-unexpected"
    # queries
    SPECIFICATION_INVALID = "specification-invalid"
    OUTSIDE_THE_PERMIT = "outside-the-permit"
    NO_LINKED_DATA = "no-linked-data"
    QUERY_TOO_SLOW = "query-too-slow"
    QUERY_FAILED = "query-failed"
    # disclosure control
    UNKNOWN_POLICY = "unknown-policy"
    POLICY_INVALID = "policy-invalid"
    POLICIES_CONTRADICT = "policies-contradict"
    MECHANISM_NOT_AVAILABLE = "mechanism-not-available"
    TABLE_TOO_LARGE = "table-too-large"
    TABLE_INVALID = "table-invalid"
    PATTERN_INVALID = "pattern-invalid"
    CANNOT_PROTECT = "cannot-protect"
    PERTURBATION_INVALID = "perturbation-invalid"
    PRIVACY_BUDGET_EXHAUSTED = "privacy-budget-exhausted"
    SUPPRESSION_UNDECIDED = "suppression-undecided"
    COHORT_TOO_CLOSE = "cohort-too-close"
    HISTORY_UNDECIDED = "history-undecided"
    HISTORY_OVER_BUDGET = "history-over-budget"
    HISTORY_MISSING = "history-missing"
    # signatures and hand-overs
    SIGNATURE_INVALID = "signature-invalid"
    PERMIT_NOT_LIVE = "permit-not-live"
    PERMIT_OUTDATED = "permit-outdated"
    DELIVERY_OUTDATED = "delivery-outdated"
    HAND_OVER_OUTDATED = "hand-over-outdated"
    GRANT_INVALID = "grant-invalid"
    GRANT_NOT_LIVE = "grant-not-live"
    STANDING_NOT_LIVE = "standing-not-live"
    VETOED = "vetoed"
    DELIVERY_WITHDRAWN = "delivery-withdrawn"
    HAND_OVER_INVALID = "hand-over-invalid"
    CROSSWALK_OUTDATED = "crosswalk-outdated"
    VAULT_DAMAGED = "vault-damaged"
    VAULT_NAME_INVALID = "vault-name-invalid"
    VAULT_OBJECT_EXISTS = "vault-object-exists"
    VAULT_OBJECT_MISSING = "vault-object-missing"
    VAULT_FULL = "vault-full"
    # a fault of ours: its kind is in the worker's log
    UNFORESEEN = "unforeseen"


TOLD_TO_RESEARCHERS = frozenset(
    {
        RefusalCode.SPECIFICATION_INVALID,
        RefusalCode.OUTSIDE_THE_PERMIT,
        RefusalCode.NO_LINKED_DATA,
        RefusalCode.QUERY_TOO_SLOW,
        RefusalCode.UNKNOWN_POLICY,
        RefusalCode.POLICY_INVALID,
        RefusalCode.POLICIES_CONTRADICT,
        RefusalCode.MECHANISM_NOT_AVAILABLE,
        RefusalCode.TABLE_TOO_LARGE,
        RefusalCode.PRIVACY_BUDGET_EXHAUSTED,
        RefusalCode.HISTORY_MISSING,
        RefusalCode.SIGNATURE_INVALID,
        RefusalCode.PERMIT_NOT_LIVE,
        RefusalCode.PERMIT_OUTDATED,
        RefusalCode.DELIVERY_OUTDATED,
        RefusalCode.HAND_OVER_OUTDATED,
        RefusalCode.GRANT_INVALID,
        RefusalCode.GRANT_NOT_LIVE,
        RefusalCode.STANDING_NOT_LIVE,
        RefusalCode.VAULT_FULL,
    }
)
"""Why a question was not answered, where that follows from its text, the permit, the policy or the machine.

Any other reason could follow from what was counted. Whoever asked is told that there is no answer, in
one text for all; a new code is among those unless it is entered here.
"""


class EngineRefusal(Exception):
    """The engine refused; the code says why and `counts` how much, in whole numbers only."""

    def __init__(self, code: RefusalCode, **counts: int) -> None:
        super().__init__(code.value)
        self.code = code
        self.counts = counts


class CannotSeal(EngineRefusal):
    """A file cannot be sealed: no recipient, or a text that is none."""


class CannotUnseal(EngineRefusal):
    """A sealed file was not opened: wrong key, damaged or not an age file."""


class TokenRefused(EngineRefusal):
    """The PKCS#11 token that keeps a key did not open it."""


class ExtractRejected(EngineRefusal):
    """A part was opened, but is not what its manifest and the catalogue say."""


class CannotLink(EngineRefusal):
    """The records at hand cannot be linked."""


class QueryRefused(EngineRefusal):
    """A question that the permit or the catalogue does not allow."""


class NotTrusted(EngineRefusal):
    """A signature, permit or hand-over that a worker may not believe."""
