"""What workers believe: signatures of pinned keys, never a row of the database.

The chain has one root, the pinned governance key. It signs the permit; the permit names
everybody else's key; they sign grants, manifests, questions and decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from linkage_engine.catalogue.policies import POLICIES
from linkage_engine.contract.destruction import DeliveryWithdrawal
from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Zone
from linkage_engine.contract.permit import SAID_NOW, Party, Permit, PublicKey, Role
from linkage_engine.contract.profiles import SERVED
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import (
    APPROVALS_NEEDED,
    Decision,
    HandOver,
    SecretStatement,
    SignedQuestion,
    Tightening,
    Verdict,
    Veto,
    Withdrawal,
)
from service.asserted import Use, is_asserted, read_asserted, verified_assertion
from service.keys import Pins
from service.linkage_secrets.rules import agrees
from service.problems.tools import SignatureRefused
from service.projects.grants import is_granted
from service.signed import TextType, V, verified


def _believed(compact: str, keys: tuple[PublicKey, ...], typ: TextType, form: type[V]) -> V:
    try:
        return verified(compact, keys, typ, form)
    except SignatureRefused:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID) from None


def permit(compact: str, pins: Pins, project_id: str, *, today: date | None) -> Permit:
    """The permit of a project, if governance signed it and it is live on the day given.

    Each data set has to be granted by the controller that it names. Raises NotTrusted. Without a
    day dates are not looked at: what was asked while it was live may still be finished.
    """
    signed = _believed(compact, (pins.governance_key,), TextType.PERMIT, Permit)
    if signed.project_id != project_id:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    if signed.linkage_profile not in SERVED:
        raise NotTrusted(RefusalCode.LINKAGE_PROFILE_NOT_SERVED)
    if not all(is_granted(each, project_id) for each in signed.data_sets if signed.permit >= SAID_NOW):
        raise NotTrusted(RefusalCode.GRANT_INVALID)
    check_in_force(signed, today)
    return signed


def check_in_force(signed: Permit, today: date | None) -> None:
    """Raise NotTrusted unless the permit and every grant in it are good on a day, if one is given."""
    if today is None:
        return
    if not signed.is_live(today):
        raise NotTrusted(RefusalCode.PERMIT_NOT_LIVE)
    if signed.lapsed_grants(today):
        raise NotTrusted(RefusalCode.GRANT_NOT_LIVE)


def check_standing(party: Party, today: date | None) -> None:
    """Raise NotTrusted unless accreditation and training of who acts are good on a day, if one is given."""
    if today is not None and party.lapsed(today) is not None:
        raise NotTrusted(RefusalCode.STANDING_NOT_LIVE)


def _keys(signed: Permit, role: Role) -> tuple[PublicKey, ...]:
    return tuple(party.signing_key for party in signed.parties_in(role))


def key_check(signed: Permit, statement: str | None) -> str:
    """What tells the project linkage secret apart, as the lead provider that the permit names signed it.

    Raises NotTrusted for a statement about anything else, and where neither it nor the permit says.
    """
    if statement is None:
        if signed.key_check is None:
            raise NotTrusted(RefusalCode.KEY_CHECK_DIFFERS)
        return signed.key_check
    lead = signed.party(signed.lead_provider)
    keys = (lead.signing_key,) if lead else ()
    made = _believed(statement, keys, TextType.LINKAGE_SECRET, SecretStatement)
    if not agrees(made, signed):
        raise NotTrusted(RefusalCode.KEY_CHECK_DIFFERS)
    return made.key_check


def manifest(compact: str, signed: Permit, secret: str | None) -> Manifest:
    """The manifest, if the provider that it names signed it and the permit grants its data sets.

    Another linkage profile or another secret than the permit's is refused as well.

    `secret` is the lead provider's statement of the project linkage secret, where there was a ceremony.
    """
    declared = _believed(compact, _keys(signed, Role.PROVIDER), TextType.MANIFEST, Manifest)
    party = signed.party(declared.provider_id)
    if party is None or party.role is not Role.PROVIDER or declared.project_id != signed.project_id:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    _believed(compact, (party.signing_key,), TextType.MANIFEST, Manifest)
    for part in declared.parts:
        zone = Zone.LINKAGE if part.name == IDENTIFIERS else Zone.ANALYSIS
        granted = part.name == IDENTIFIERS or signed.grants(declared.provider_id, part.name)
        if part.zone is not zone or not granted:
            raise NotTrusted(RefusalCode.OUTSIDE_THE_PERMIT)
    if declared.linkage_profile != signed.linkage_profile:
        raise NotTrusted(RefusalCode.LINKAGE_PROFILE_DIFFERS)
    if (declared.secret_epoch, declared.key_check) != (signed.secret_epoch, key_check(signed, secret)):
        raise NotTrusted(RefusalCode.KEY_CHECK_DIFFERS)
    return declared


def withdrawal(compact: str, signed: Permit) -> Withdrawal:
    """The withdrawal, if the provider that it names signed it, for this project; raises NotTrusted."""
    declared = _believed(compact, _keys(signed, Role.PROVIDER), TextType.WITHDRAWAL, Withdrawal)
    party = signed.party(declared.provider_id)
    if party is None or party.role is not Role.PROVIDER or declared.project_id != signed.project_id:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    return _believed(compact, (party.signing_key,), TextType.WITHDRAWAL, Withdrawal)


def delivery_withdrawal(compact: str, signed: Permit) -> DeliveryWithdrawal:
    """The withdrawal of a delivery, if the provider that it names signed it, for this project.

    Raises NotTrusted.
    """
    keys, typ = _keys(signed, Role.PROVIDER), TextType.DELIVERY_WITHDRAWAL
    declared = _believed(compact, keys, typ, DeliveryWithdrawal)
    party = signed.party(declared.provider_id)
    if party is None or party.role is not Role.PROVIDER or declared.project_id != signed.project_id:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    return _believed(compact, (party.signing_key,), typ, DeliveryWithdrawal)


def question(
    compact: str, signed: Permit, typ: TextType = TextType.QUESTION, *, today: date | None = None
) -> SignedQuestion:
    """The question, if the researcher that it names signed it and the permit covers it.

    On the day given the researcher's accreditation and training have to be good.

    One that was signed for a pre-flight is none to answer, nor the other way round: each has its type.
    """
    asked = _believed(compact, _keys(signed, Role.RESEARCHER), typ, SignedQuestion)
    party = signed.party(asked.asked_by)
    if party is None or party.role is not Role.RESEARCHER:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    _believed(compact, (party.signing_key,), typ, SignedQuestion)
    if asked.specification.project_id != signed.project_id:
        raise NotTrusted(RefusalCode.OUTSIDE_THE_PERMIT)
    if asked.specification.template not in signed.templates:
        raise NotTrusted(RefusalCode.OUTSIDE_THE_PERMIT)
    check_standing(party, today)
    return asked


def approvals(
    texts: Sequence[str],
    signed: Permit,
    *,
    asked_by: str,
    release_id: str,
    evidence_sha256: str,
    today: date | None = None,
) -> tuple[Decision, ...]:
    """The decisions that let a release leave: two checkers of the permit, two persons, two keys, no asker's.

    Raises NotTrusted unless every text is a valid approval of exactly this evidence, and on the day
    given its checker is accredited and trained.
    """
    author = signed.party(asked_by)
    if author is None:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    about = (release_id, signed.project_id, evidence_sha256, Verdict.APPROVE)
    made: list[Decision] = []
    keys, people = set(author.public_keys), {author.person}
    for text in texts:
        party, decision = _decision(text, signed)
        if (decision.release_id, decision.project_id, decision.evidence_sha256, decision.verdict) != about:
            raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
        check_standing(party, today)
        if keys.isdisjoint(party.public_keys) and party.person not in people:
            made.append(decision)
            keys |= party.public_keys
            people.add(party.person)
    if len(made) < APPROVALS_NEEDED:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    return tuple(sorted(made, key=lambda decision: decision.checker_id))


def _decision(text: str, signed: Permit) -> tuple[Party, Decision]:
    """A decision and its checker, who signed it, with a key or with a passkey that the permit names."""
    if is_asserted(text):
        return _asserted(text, signed)[:2]
    decision = _believed(text, _keys(signed, Role.OUTPUT_CHECKER), TextType.DECISION, Decision)
    party = signed.party(decision.checker_id)
    if party is None or party.role is not Role.OUTPUT_CHECKER:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    return party, _believed(text, (party.signing_key,), TextType.DECISION, Decision)


def _asserted(text: str, signed: Permit) -> tuple[Party, Decision, Use]:
    try:
        asserted = read_asserted(text)
        party = signed.party(asserted.decision.checker_id)
        if party is None or party.role is not Role.OUTPUT_CHECKER:
            raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
        return party, asserted.decision, verified_assertion(asserted, party.passkeys)
    except SignatureRefused:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID) from None


def uses_of_passkeys(texts: Sequence[str], signed: Permit) -> tuple[Use, ...]:
    """How often passkeys say that they were used, for the decisions that they signed; raises NotTrusted."""
    return tuple(_asserted(text, signed)[2] for text in texts if is_asserted(text))


def tightenings(texts: Sequence[str], signed: Permit) -> tuple[Tightening, ...]:
    """Those of the texts that the provider they name signed, for this project and with a shipped policy.

    Another text tightens nothing.
    """
    made: list[Tightening] = []
    for text in texts:
        with suppress(NotTrusted):
            said = _believed(text, _keys(signed, Role.PROVIDER), TextType.TIGHTENING, Tightening)
            party = signed.party(said.provider_id)
            about = (said.project_id, said.policy in POLICIES)
            if party is None or about != (signed.project_id, True):
                continue
            made.append(_believed(text, (party.signing_key,), TextType.TIGHTENING, Tightening))
    return tuple(made)


def check_not_vetoed(texts: Sequence[str], signed: Permit, release_id: str) -> None:
    """Raise NotTrusted where a provider of the permit signed a veto of the release.

    A text that is no such veto, for whatever reason, stops nothing: nobody else can.
    """
    for text in texts:
        with suppress(NotTrusted):
            veto = _believed(text, _keys(signed, Role.PROVIDER), TextType.VETO, Veto)
            party = signed.party(veto.provider_id)
            about = (veto.release_id, veto.project_id)
            if party is None or about != (release_id, signed.project_id):
                continue
            _believed(text, (party.signing_key,), TextType.VETO, Veto)
            break
    else:
        return
    raise NotTrusted(RefusalCode.VETOED)


def check_not_withdrawn(texts: Sequence[str], signed: Permit) -> None:
    """Raise NotTrusted where a provider of the permit signed one of these withdrawals of a delivery.

    Which deliveries an answer was made of is the database's word; that one was withdrawn is its provider's.
    """
    for text in texts:
        with suppress(NotTrusted):
            delivery_withdrawal(text, signed)
            break
    else:
        return
    raise NotTrusted(RefusalCode.DELIVERY_WITHDRAWN)


def hand_over(compact: str, sender: PublicKey, expected: HandOver) -> HandOver:
    """The expected hand-over as the sender signed it, with its number; raises NotTrusted for any other."""
    signed = _believed(compact, (sender,), TextType.HAND_OVER, HandOver)
    if signed.model_copy(update={"number": None}) != expected:
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
    return signed
