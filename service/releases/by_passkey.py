"""Output checkers decide at a browser: a page, what their passkey is to sign, and what it answered."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import Field, StringConstraints

from linkage_engine.contract.controlled_table import PublishedRecord
from linkage_engine.contract.statements import AssertedDecision, Decision, Verdict
from linkage_engine.contract.value import Base64Url, RandomId, Sha256, ShortText, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.asserted import challenge_of
from service.people import passkeys
from service.people.forms import passkey_button
from service.releases import actions
from service.releases.records import Release
from service.releases.rules import ReleaseState
from service.web.origin import own_host
from service.web.page import HTML, page

router = APIRouter(prefix="/releases", tags=["releases"], route_class=SignedInRoute)
PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {HTML: {"schema": {"type": "string"}}}}}


class Deciding(Value):
    """What an output checker is about to decide, on the evidence that tre-checker opened."""

    verdict: Verdict
    reason: ShortText
    evidence_sha256: Annotated[Sha256, StringConstraints(strip_whitespace=True)]


class ToSign(Value):
    """A decision that is kept nowhere yet, and what the browser is asked for it."""

    decision: Decision
    public_key: dict[str, Any]
    """Options for `navigator.credentials.get`, whose challenge is the digest of the decision."""


class Response(Value):
    """What an authenticator answers, as browsers write it."""

    client_data: Annotated[Base64Url, Field(alias="clientDataJSON")]
    authenticator_data: Annotated[Base64Url, Field(alias="authenticatorData")]
    signature: Base64Url
    user_handle: Annotated[str | None, Field(alias="userHandle", max_length=200)] = None


class Answer(Value):
    """A passkey's answer as browsers write it (toJSON)."""

    id: Base64Url
    raw_id: Annotated[Base64Url, Field(alias="rawId")]
    type: str = Field(max_length=40)
    response: Response
    authenticator_attachment: Annotated[str | None, Field(alias="authenticatorAttachment", max_length=40)] = (
        None
    )
    client_extension_results: Annotated[dict[str, Any], Field(alias="clientExtensionResults")] = Field(
        default={}, max_length=8
    )


class Signed(Value):
    """The decision that was to be signed, and the passkey's answer."""

    decision: Decision
    answer: Answer


class Done(Value):
    """Where to go on."""

    next: str
    release_id: RandomId
    state: ReleaseState


@router.get(
    "/{release_id}/decision",
    response_class=HTMLResponse,
    responses=dict(PAGE),
    dependencies=[may(Permission.RELEASE_SIGN_OFF)],
)
def show_decision(release_id: str, act: Viewing) -> HTMLResponse:
    """See a release that waits for your decision, and decide with your passkey."""
    return _page(actions.read_release(act, release_id))


@router.post("/{release_id}/decision/options", dependencies=[may(Permission.RELEASE_SIGN_OFF)])
def decision_options(release_id: str, asked: Deciding, request: Request, act: Acting) -> ToSign:
    """Ask what your passkey has to sign for a decision; nothing is decided by asking."""
    to_sign = actions.decision_to_sign(
        act, release_id, verdict=asked.verdict, reason=asked.reason, evidence=asked.evidence_sha256
    )
    options = passkeys.to_use(challenge_of(to_sign.decision), host=own_host(request))
    allowed = [{"type": "public-key", "id": each} for each in to_sign.credential_ids]
    return ToSign(decision=to_sign.decision, public_key=options | {"allowCredentials": allowed})


@router.post(
    "/{release_id}/decision",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.RELEASE_SIGN_OFF)],
)
def decide_by_passkey(release_id: str, signed: Signed, act: Acting) -> Done:
    """Decide with what your passkey answered; two approvals release, one refusal ends it."""
    said = signed.answer.response
    asserted = AssertedDecision(
        decision=signed.decision,
        credential_id=signed.answer.raw_id,
        client_data=said.client_data,
        authenticator_data=said.authenticator_data,
        signature=said.signature,
    )
    release = actions.decide(act, release_id, asserted.to_json())
    return Done(next=f"/releases/{release_id}/decision", release_id=release_id, state=release.state)


def _page(release: Release) -> HTMLResponse:
    record = PublishedRecord.model_validate(release.record)
    told = {
        "Project": release.project_id,
        "Asked by": release.author_id,
        "State": release.state.value,
        "Policy": f"{record.policy}, version {record.policy_version}",
        "Cells hidden": f"{record.cells_hidden} of {record.cells}",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in told.items())
    at = f"/releases/{release.id}/decision"
    form = (
        "<p>Open the evidence with <code>tre-checker open</code> on your own machine: numbers from before "
        "control are shown nowhere else. What you sign here is bound to its digest.</p>"
        '<form id="decision">'
        '<p><label for="evidence">Evidence, as tre-checker printed it (64 digits)</label><br>'
        '<input id="evidence" name="evidence_sha256" required pattern="[0-9a-f]{64}" maxlength="64" '
        'autocomplete="off" spellcheck="false"></p>'
        "<fieldset><legend>Decision</legend>"
        '<p><input type="radio" id="approve" name="verdict" value="approve" required>'
        '<label for="approve">Approve</label></p>'
        '<p><input type="radio" id="refuse" name="verdict" value="refuse">'
        '<label for="refuse">Refuse</label></p></fieldset>'
        '<p><label for="reason">Reason, kept with the decision; no number from before control</label><br>'
        '<textarea id="reason" name="reason" required maxlength="500" rows="4" cols="60"></textarea></p>'
        f"{passkey_button('use', 'Sign with your passkey', f'{at}/options', at)}</form>"
    )
    waiting = release.state is ReleaseState.AWAITING
    return page(f"Release {release.id}", f"<dl>{rows}</dl>{form if waiting else ''}")
