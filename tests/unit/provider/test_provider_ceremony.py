"""The ceremony at the providers: every refusal comes before anything is made, sealed, sent or kept."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.statements import Envelope
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from service.client import RemoteProblem
from service.command_line import run
from service.problems.linkage_secrets import (
    EnvelopeNotYours,
    EnvelopesDiffer,
    KeyCheckDiffers,
    KeyNotPinned,
    NotTheLead,
    PinnedKeyDiffers,
    SecretEpochPassed,
    SecretKept,
    SecretStatementRefused,
)
from service.problems.problem import Problem
from service.problems.projects import PermitRefused
from service.problems.tools import ServiceUnreachable
from service.provider.ceremony import fetch, make
from service.provider.identity import new_identity
from service.provider.main import app
from service.provider.pins import PINS, read_pins
from service.provider.secret import keep_secret, kept_path, kept_secret, read_secret
from service.signed import SigningKey, TextType, sign
from tests.factories import PROJECT
from tests.unit.provider.table import LEAD, NAMES, PARTNER, THIRD, Table, a_table

SOMEBODY = new_identity(secrets.token_bytes)[1]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return a_table(tmp_path)


@pytest.fixture
def held(table: Table) -> Table:
    """A table where the lead provider has made the secret."""
    make(table.seat(LEAD), PROJECT)
    return table


# --- as it should be


def test_every_provider_ends_with_the_same_secret_in_a_file_of_its_own(held: Table) -> None:
    for name in (PARTNER, THIRD):
        fetch(held.seat(name), PROJECT)
    paths = [kept_path(held.keys(name), PROJECT, 1) for name in NAMES]
    assert len({read_secret(path).reveal() for path in paths}) == 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o400}
    check = key_check(read_secret(paths[0]), PROJECT, 1)
    assert held.statement().key_check == check


def test_the_secret_is_in_nothing_that_was_sent(held: Table) -> None:
    secret = read_secret(kept_path(held.keys(LEAD), PROJECT, 1)).reveal()
    sent = json.dumps(held.relay.posted)
    for envelope in held.relay.posted[0]["envelopes"].values():
        assert secret not in base64.b64decode(envelope)
    assert not any(form in sent for form in (secret.hex(), base64.b64encode(secret).decode()))


def test_making_and_fetching_again_changes_nothing(held: Table) -> None:
    before = {name: held.kept(name) for name in NAMES}
    assert make(held.seat(LEAD), PROJECT) == held.statement()
    assert len(held.relay.posted) == 1
    for _ in range(2):
        fetch(held.seat(PARTNER), PROJECT)
    assert held.kept(LEAD) == before[LEAD]
    assert held.kept(PARTNER) == ["epoch-1.secret"]


def test_a_ceremony_that_was_cut_short_goes_on_with_the_same_secret(table: Table) -> None:
    table.relay.breaks = True
    with pytest.raises(ServiceUnreachable):
        make(table.seat(LEAD), PROJECT)
    kept = kept_secret(table.keys(LEAD), PROJECT, 1)
    table.relay.breaks = False
    made = make(table.seat(LEAD), PROJECT)
    assert kept is not None
    assert made.key_check == key_check(kept, PROJECT, 1)


def test_before_the_ceremony_a_provider_is_told_to_wait(table: Table) -> None:
    with pytest.raises(RemoteProblem) as told:
        fetch(table.seat(PARTNER), PROJECT)
    assert told.value.slug == "no-linkage-secret"


# --- keys that are not the pinned ones: nothing is made, sealed or sent


def swap_registered(table: Table) -> None:
    table.relay.roster["recipients"][PARTNER] = SOMEBODY


def leave_one_out(table: Table) -> None:
    del table.relay.roster["recipients"][PARTNER]


def with_party(table: Table, who: str, **changes: object) -> str:
    """A permit that governance signed, in which one provider has another key."""
    parties = [table.party(name) for name in NAMES]
    changed = [p.model_copy(update=changes) if p.principal_id == who else p for p in parties]
    return table.permit(parties=tuple(changed))


def swap_everywhere(table: Table) -> None:
    table.relay.roster["permit"] = with_party(table, PARTNER, age_recipient=SOMEBODY)
    swap_registered(table)


def swap_signing_key(table: Table) -> None:
    other = SigningKey.generate().public
    table.relay.roster["permit"] = with_party(table, PARTNER, signing_key=other)


def swap_own(table: Table) -> None:
    table.relay.roster["permit"] = with_party(table, LEAD, age_recipient=SOMEBODY)
    table.relay.roster["recipients"][LEAD] = SOMEBODY


def swap_governance(table: Table) -> None:
    key = SigningKey.generate()
    table.relay.roster |= {"permit": table.permit(key=key), "governance_key": key.public.model_dump()}


def forge_the_permit(table: Table) -> None:
    table.relay.roster["permit"] = table.permit(key=SigningKey.generate())


def show_another_project(table: Table) -> None:
    table.relay.roster["permit"] = table.permit(project_id="another-project")


def name_a_key_that_is_none(table: Table) -> None:
    table.relay.roster["permit"] = with_party(table, PARTNER, age_recipient="age1pq1none")
    table.relay.roster["recipients"][PARTNER] = "age1pq1none"


def name_no_lead(table: Table) -> None:
    table.relay.roster["permit"] = table.permit(lead_provider="cheng")


def unpin(table: Table) -> None:
    pins = read_pins(table.keys(LEAD))
    fewer = pins.model_copy(update={"providers": {THIRD: pins.providers[THIRD]}})
    (table.keys(LEAD) / PINS).write_text(fewer.model_dump_json())


def unpin_governance(table: Table) -> None:
    (table.keys(LEAD) / PINS).unlink()


REFUSALS: dict[Callable[[Table], None], type[Problem]] = {
    swap_registered: PinnedKeyDiffers,
    leave_one_out: PinnedKeyDiffers,
    swap_everywhere: PinnedKeyDiffers,
    swap_signing_key: PinnedKeyDiffers,
    swap_own: PinnedKeyDiffers,
    swap_governance: PinnedKeyDiffers,
    forge_the_permit: PermitRefused,
    show_another_project: PermitRefused,
    name_no_lead: PermitRefused,
    name_a_key_that_is_none: PinnedKeyDiffers,
    unpin: KeyNotPinned,
    unpin_governance: KeyNotPinned,
}


@pytest.mark.parametrize("attack", REFUSALS, ids=lambda attack: attack.__name__)
def test_a_key_that_is_not_the_pinned_one_stops_the_ceremony(
    table: Table, attack: Callable[[Table], None]
) -> None:
    attack(table)
    with pytest.raises(REFUSALS[attack]):
        make(table.seat(LEAD), PROJECT)
    assert table.relay.posted == []
    assert table.kept(LEAD) == []


def test_a_pinned_key_that_cannot_be_sealed_to_stops_the_ceremony(table: Table) -> None:
    name_a_key_that_is_none(table)
    pins = json.loads((table.keys(LEAD) / PINS).read_text())
    pins["providers"][PARTNER]["fingerprint"] = hashlib.sha256(b"age1pq1none").hexdigest()[:32]
    (table.keys(LEAD) / PINS).write_text(json.dumps(pins))
    with pytest.raises(PermitRefused):
        make(table.seat(LEAD), PROJECT)
    assert (table.relay.posted, table.kept(LEAD)) == ([], [])


def test_nobody_but_the_lead_provider_makes_the_secret(table: Table) -> None:
    with pytest.raises(NotTheLead):
        make(table.seat(PARTNER), PROJECT)
    assert (table.relay.posted, table.kept(PARTNER)) == ([], [])


def test_any_other_refusal_of_the_service_ends_the_ceremony(table: Table) -> None:
    table.relay.shown[LEAD] = {}
    table.relay.posted.append({})
    with pytest.raises(Exception, match=r"statement|envelope|Received"):
        make(table.seat(LEAD), PROJECT)
    assert table.kept(LEAD) == []


# --- fetching what is not one's own: nothing is kept


def test_the_lead_providers_key_has_to_be_the_pinned_one(held: Table) -> None:
    other = SigningKey.generate()
    held.relay.roster["permit"] = with_party(held, LEAD, signing_key=other.public)
    text = sign(held.statement(), other, TextType.LINKAGE_SECRET)
    held.relay.shown[PARTNER] = held.relay.envelope(PARTNER) | {"statement": text}
    with pytest.raises(PinnedKeyDiffers):
        fetch(held.seat(PARTNER), PROJECT)
    assert held.kept(PARTNER) == []


def another_signer(held: Table) -> None:
    held.shows(PARTNER, held.statement(), held.relay.envelope(PARTNER)["envelope"], signer=THIRD)


def changed(**changes: Any) -> Callable[[Table], None]:
    def show(held: Table) -> None:
        statement = held.statement().model_copy(update=changes)
        held.shows(PARTNER, statement, held.relay.envelope(PARTNER)["envelope"])

    return show


def without_this_provider(held: Table) -> None:
    roster = tuple(e for e in held.statement().roster if e.provider_id != PARTNER)
    changed(roster=roster)(held)


def somebody_elses(held: Table) -> None:
    held.relay.shown[PARTNER] = {**held.relay.envelope(PARTNER), **_of(held, THIRD)}


def _of(held: Table, who: str) -> dict[str, str]:
    return {"envelope": held.relay.envelope(who)["envelope"]}


def tampered(held: Table) -> None:
    sealed = bytearray(base64.b64decode(held.relay.envelope(PARTNER)["envelope"]))
    sealed[-1] ^= 1
    envelope = base64.b64encode(bytes(sealed)).decode()
    held.relay.shown[PARTNER] = {**held.relay.envelope(PARTNER), "envelope": envelope}


def no_base64(held: Table) -> None:
    held.relay.shown[PARTNER] = {**held.relay.envelope(PARTNER), "envelope": "AAAA="}


def signed_over(held: Table, sealed: bytes) -> None:
    """An envelope that the lead provider really signed, whatever is in it."""
    statement = held.statement()
    digest = hashlib.sha256(sealed).hexdigest()
    roster = tuple(
        Envelope.model_validate(e.model_dump() | {"sealed_sha256": digest}) if e.provider_id == PARTNER else e
        for e in statement.roster
    )
    held.shows(PARTNER, statement.model_copy(update={"roster": roster}), base64.b64encode(sealed).decode())


def sealed_to_another(held: Table) -> None:
    signed_over(held, _sealed(bytes(32), SOMEBODY))


def another_secret(held: Table) -> None:
    signed_over(held, _sealed(bytes(32), held.party(PARTNER).age_recipient or ""))


def no_secret(held: Table) -> None:
    signed_over(held, _sealed(b"short", held.party(PARTNER).age_recipient or ""))


def _sealed(plain: bytes, recipient: str) -> bytes:
    return seal_bytes(plain, recipients=[Recipient.parse(recipient)], random=secrets.token_bytes)


FALSE_ENVELOPES: dict[Callable[[Table], None], type[Problem]] = {
    another_signer: SecretStatementRefused,
    changed(project_id="another-project"): SecretStatementRefused,
    changed(secret_epoch=2): SecretStatementRefused,
    changed(lead_provider=THIRD): SecretStatementRefused,
    changed(key_check="0" * 16): KeyCheckDiffers,
    without_this_provider: SecretStatementRefused,
    somebody_elses: EnvelopesDiffer,
    tampered: EnvelopesDiffer,
    no_base64: EnvelopesDiffer,
    sealed_to_another: EnvelopeNotYours,
    another_secret: KeyCheckDiffers,
    no_secret: KeyCheckDiffers,
}


@pytest.mark.parametrize("number", range(len(FALSE_ENVELOPES)))
def test_what_the_lead_provider_did_not_seal_for_this_provider_is_not_kept(held: Table, number: int) -> None:
    attack, problem = list(FALSE_ENVELOPES.items())[number]
    attack(held)
    with pytest.raises(problem):
        fetch(held.seat(PARTNER), PROJECT)
    assert held.kept(PARTNER) == []


def test_a_secret_that_is_kept_is_never_written_over(held: Table) -> None:
    mine = LinkageSecret(bytes(range(32)))
    path = keep_secret(held.keys(PARTNER), PROJECT, 1, mine)
    with pytest.raises(SecretKept):
        fetch(held.seat(PARTNER), PROJECT)
    assert read_secret(path).reveal() == mine.reveal()
    assert held.kept(PARTNER) == ["epoch-1.secret"]


def test_a_permit_of_an_older_epoch_brings_no_secret_back(held: Table) -> None:
    for who in (LEAD, PARTNER):
        keep_secret(held.keys(who), PROJECT, 2, LinkageSecret(bytes(32)))
    before = held.kept(LEAD)
    for act, who in ((fetch, PARTNER), (make, LEAD)):
        with pytest.raises(SecretEpochPassed) as told:
            act(held.seat(who), PROJECT)
        assert told.value.facts == {"epoch": 1, "kept": 2}
    assert held.kept(LEAD) == before
    assert held.kept(PARTNER) == ["epoch-2.secret"]


# --- a crash in the middle


def test_a_file_that_was_begun_never_bears_the_secrets_name(
    held: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("service.provider.secret.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            fetch(held.seat(PARTNER), PROJECT)
    assert held.kept(PARTNER) == []
    begun = kept_path(held.keys(PARTNER), PROJECT, 1).with_suffix(".partial")
    begun.write_text("half of a sec")  # as a process that was killed leaves it
    fetch(held.seat(PARTNER), PROJECT)
    assert held.kept(PARTNER) == ["epoch-1.secret"]


# --- the commands


def test_the_commands_pin_make_and_fetch_and_never_print_the_secret(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("service.provider.main._client", lambda _, keys: table.client(keys.name))
    for who, act in ((LEAD, "make"), (PARTNER, "fetch")):
        arguments = ["secret", act, PROJECT, "--url", "x", "--keys", str(table.keys(who))]
        assert run(app, arguments) == 0
    said = capsys.readouterr().out
    assert said.count(f"key check {table.statement().key_check}, epoch 1") == 2
    assert read_secret(kept_path(table.keys(LEAD), PROJECT, 1)).reveal().hex() not in said


def test_a_swapped_key_is_told_by_name_with_a_remedy(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("service.provider.main._client", lambda _, keys: table.client(keys.name))
    swap_everywhere(table)
    assert run(app, ["secret", "make", PROJECT, "--url", "x", "--keys", str(table.keys(LEAD))]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Pinned key differs: ")
    assert "What to do: Go no further." in said
    assert f"/{PARTNER}: sealing-key" in said


def test_a_key_folder_without_an_identity_opens_nothing(held: Table) -> None:
    (held.keys(PARTNER) / "age.key").unlink()
    with pytest.raises(Problem) as told:
        fetch(held.seat(PARTNER), PROJECT)
    assert told.value.slug == "key-folder-unusable"
    assert held.kept(PARTNER) == []
