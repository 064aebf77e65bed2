"""The doors between what the service knows and what it never sees: read them and you have read the path.

Each worker holds one door. A door is given ciphertext and signed words, and gives back
counts, ciphertext for the next worker, or a controlled table. It is the only place where
the engine's stages meet.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.analysis_templates import event_data_sets, outcome_columns, outcome_data_sets
from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.catalogue.roles import asked_roles
from linkage_engine.contract.destruction import DestroyedKey
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Part, Zone
from linkage_engine.contract.preflight import Preflight, off_the_calendar
from linkage_engine.contract.profiles import served_profile
from linkage_engine.contract.query_spec import LinkageQualitySpec, QuerySpec
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.reports import RunFigures, ValidationReport
from linkage_engine.contract.run_terms import NOTHING_SAID, RunTerms
from linkage_engine.contract.statements import AS_PERMITTED, SignedQuestion, Tightened, Withdrawal
from linkage_engine.disclosure.before import before_control
from linkage_engine.disclosure.evidence.look_back import look_back
from linkage_engine.disclosure.evidence.reasons import reasons
from linkage_engine.disclosure.linkage import controlled_run
from linkage_engine.disclosure.membership import memberships, to_columns
from linkage_engine.disclosure.preflight import foresee
from linkage_engine.disclosure.record import Provenance
from linkage_engine.handed_over import EXCLUDED_AS, exact_table, excluded_of, linkage_of, structure_of
from linkage_engine.link.encoding import marked
from linkage_engine.link.spark_session import SparkPlace
from linkage_engine.linkage_runs.crosswalk import crosswalk, read_crosswalk
from linkage_engine.linkage_runs.engines import computing
from linkage_engine.linkage_runs.run import LinkageRun
from linkage_engine.linkage_runs.shredded import shred_identifiers
from linkage_engine.linkage_runs.withdrawn import read_person_keys, withdraw_persons
from linkage_engine.linked_data import (
    CROSSWALK,
    EXTRACT_DATE,
    PERSON_INDEX,
    LinkedData,
    number_persons,
    payload_object,
    shred_payload,
    without_deliveries,
)
from linkage_engine.policy_in_force import policy_in_force
from linkage_engine.query.plan import plan
from linkage_engine.query.run import answer, excluded, inputs
from linkage_engine.release_history import Asked, ReleaseHistory
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import SealingWriter, seal
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_to_memory
from linkage_engine.validate.across import DEATH, NO_BIRTHS, check_across, needed_by
from linkage_engine.validate.findings import report_of
from linkage_engine.validate.footer import Caps, read_part
from linkage_engine.validate.identifiers import check_identifiers
from linkage_engine.validate.rows import as_text, check, typed
from linkage_engine.vault.compute import locked_duckdb
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import (
    Order,
    check_not_destroyed,
    check_open,
    destroyed_deliveries,
)

Randomness = Callable[[int], bytes]
MEMORY_LIMIT = "4GB"
THREADS = 2
DATA_VERSION, LINKAGE, EXCLUDED = b"data_version", b"linkage", b"excluded"


@dataclass(frozen=True)
class Inside:
    """What every door holds: the key that opens what is sealed to it, its vault, and chance."""

    identity: Identity
    vault: Vault
    random: Randomness
    leaving: tuple[Identity, ...] = ()
    """What was in its place before, for files that were sealed to that."""

    @property
    def identities(self) -> list[Identity]:
        """Every key that opens what was sealed to this role, the one in place first."""
        return [self.identity, *self.leaving]

    def opened(self, sealed: BinaryIO, manifest: Manifest, name: str) -> pa.Table:
        """The rows of a part: unsealed in memory, footer against manifest and caps, then read.

        Raises NotTrusted(delivery-withdrawn) for a delivery that was destroyed, whoever brings it back.
        """
        check_not_destroyed(self.vault, manifest.project_id, manifest.provider_id, manifest.delivery_id)
        part = _declared(manifest, name)
        plain = unseal_to_memory(sealed, identities=self.identities, limit_bytes=part.sealed_bytes)
        return read_part(io.BytesIO(plain), part, Caps())

    def withdraw(self, sealed: BinaryIO, withdrawal: Withdrawal) -> int:
        """Take persons of a provider out of everything from now on; how many it has withdrawn by now.

        The sealed file is their person keys, 16 bytes each. Other providers' records of them stay.
        """
        plain = unseal_to_memory(sealed, identities=self.identities)
        keys = read_person_keys(plain, persons=withdrawal.persons)
        return withdraw_persons(self.vault, withdrawal.project_id, withdrawal.provider_id, keys)


def _declared(manifest: Manifest, name: str) -> Part:
    part = manifest.part(name)
    if part is None:
        raise NotTrusted(RefusalCode.PART_DIFFERS_FROM_MANIFEST)
    return part


@dataclass(frozen=True)
class Linked:
    """What the linkage door hands on: controlled figures, and the crosswalk, to be sealed."""

    figures: RunFigures
    crosswalk: pa.Table


@dataclass(frozen=True)
class LinkageDoor:
    """Tokens in; controlled figures and a crosswalk of link ids out."""

    inside: Inside
    spark: SparkPlace | None = None
    """Where pairs are compared for permits that ask for it."""

    def receive(self, sealed: BinaryIO, manifest: Manifest) -> int:
        """Keep the identifier part of a delivery and return its number of rows."""
        table = self.inside.opened(sealed, manifest, IDENTIFIERS)
        check_identifiers(table, served_profile(manifest.linkage_profile))
        name = _object("identifiers", manifest.provider_id, manifest.delivery_id)
        self.inside.vault.write(manifest.project_id, name, marked(table, manifest), replace=True)
        return int(table.num_rows)

    def link(
        self,
        project_id: str,
        run_id: str,
        deliveries: Mapping[str, str],
        *,
        policy: str,
        terms: RunTerms = NOTHING_SAID,
    ) -> Linked:
        """Link the deliveries, by provider, and give every record a link id.

        Link ids of earlier runs are kept, also where everything is linked anew.
        Of the quality only what the policy lets be told comes out.
        Raises CannotLink when there is nothing to link, parts were not made with one profile and secret, far
        more or fewer were linked than is expected, or the engine is not to be had; then what was kept before
        stands, and the run may be asked for again.
        """
        rules = policy_in_force(policy, terms.tightened)
        run = LinkageRun(self.inside.vault, project_id, run_id, deliveries, terms)
        with computing(terms.engine, _compute, self.spark) as compute:
            done = run.finished(compute, self.inside.random)
        figures = controlled_run(done.pairs, rules, done.profile, spine=done.changes, repeated=done.repeated)
        return Linked(figures, crosswalk(done.spine, run_id, deliveries, figures))

    def withdraw(self, sealed: BinaryIO, withdrawal: Withdrawal) -> int:
        """Take persons of a provider out of all later runs; how many it has withdrawn by now."""
        return self.inside.withdraw(sealed, withdrawal)

    def shred(self, order: Order) -> tuple[DestroyedKey, ...]:
        """Destroy the keys of a delivery's tokens and what was found of them; again is as good as once."""
        return shred_identifiers(self.inside.vault, order)

    def seal_crosswalk(self, linked: Linked, target: BinaryIO, receiver: Recipient) -> None:
        """Seal the crosswalk to the analysis worker."""
        _seal_table(linked.crosswalk, target, receiver, self.inside.random)


@dataclass(frozen=True)
class AnalysisDoor:
    """Payload and crosswalk in; exact cells, sealed to the gate, out."""

    inside: Inside

    @staticmethod
    def in_order(manifest: Manifest) -> list[Part]:
        """The payload parts as they are to be received: deaths first, and each after those it is held to."""
        payload = [part for part in manifest.parts if part.zone is Zone.ANALYSIS]
        return sorted(payload, key=lambda part: (part.name != DEATH, len(needed_by(part.name))))

    def receive(self, sealed: BinaryIO, manifest: Manifest, name: str) -> ValidationReport:
        """Check a payload part, also against what it is held to; keep it, typed, if every row passed."""
        table = self.inside.opened(sealed, manifest, name)
        connection, schema = _compute(), data_set(name)
        own = check(connection, table, schema, extract_date=manifest.extract_date)
        across = check_across(connection, {**self._held_to(manifest, name), name: table}, births=NO_BIRTHS)
        report = report_of(schema, own.rows, (*own.findings, *across[name]))
        if report.passed:
            kept = payload_object(manifest.provider_id, manifest.delivery_id, name)
            about = {EXTRACT_DATE: manifest.extract_date.isoformat().encode()}
            rows = typed(connection, table, schema).replace_schema_metadata(about)
            self.inside.vault.write(manifest.project_id, kept, rows, replace=True)
        return report

    def _held_to(self, manifest: Manifest, name: str) -> dict[str, pa.Table]:
        """The parts that were kept of a delivery and that this one is held to, as text again."""
        vault, project_id = self.inside.vault, manifest.project_id
        kept = {
            each: payload_object(manifest.provider_id, manifest.delivery_id, each) for each in needed_by(name)
        }
        return {
            each: as_text(vault.read(project_id, path))
            for each, path in kept.items()
            if vault.exists(project_id, path)
        }

    def receive_crosswalk(self, sealed: BinaryIO, project_id: str) -> int:
        """Keep a crosswalk, number the persons that are new, and return how many records it has.

        How many persons stays inside: it is the records less the links.
        """
        plain = unseal_to_memory(sealed, identities=self.inside.identities)
        vault = self.inside.vault
        check_open(vault, project_id)
        crosswalk = without_deliveries(read_crosswalk(plain), destroyed_deliveries(vault, project_id))
        number_persons(vault, project_id, crosswalk, self.inside.random)
        vault.write(project_id, CROSSWALK, crosswalk, replace=True)
        return int(crosswalk.num_rows)

    def withdraw(self, sealed: BinaryIO, withdrawal: Withdrawal) -> int:
        """Take persons of a provider out of every answer from now on; how many it has withdrawn by now."""
        return self.inside.withdraw(sealed, withdrawal)

    def shred(self, order: Order) -> tuple[DestroyedKey, ...]:
        """Destroy the keys of a delivery's events, also in the crosswalk; again is as good as once."""
        return shred_payload(self.inside.vault, order)

    def answer(
        self,
        specification: QuerySpec,
        target: BinaryIO,
        receiver: Recipient,
        *,
        seconds: float,
        outcomes: bool = True,
    ) -> None:
        """Answer a question over the project's linked data and seal the exact cells to the gate.

        Without outcomes no row is read that tells what is counted: the cells say whom they are about.
        """
        unread = frozenset[str]() if outcomes else frozenset(outcome_data_sets(specification))
        blank = {} if outcomes else outcome_columns(specification)
        data = LinkedData.of(self.inside.vault, specification.project_id, specification.linkage)
        made = plan(specification, data_end=data.ends(event_data_sets(specification)))
        tables = {
            name: schema.empty_table()
            if name in unread
            else data.rows(name, schema, blank=blank.get(name, ()))
            for name, schema in inputs(made).items()
            if name != PERSON_INDEX
        }
        tables[PERSON_INDEX] = data.roll
        raw = answer(_compute(), made, tables, seconds=seconds).to_arrow()
        about = {**(raw.schema.metadata or {}), DATA_VERSION: data.version.encode()}
        if outcomes:
            about[EXCLUDED] = EXCLUDED_AS.dump_json(excluded(_compute(), made, tables, seconds=seconds))
        if isinstance(specification, LinkageQualitySpec) and outcomes:
            asked = specification.parameters
            linkage = data.linkage(asked.data_set, asked.linked_to)
            about |= {} if linkage is None else {LINKAGE: linkage.to_json().encode()}
        _seal_table(raw.replace_schema_metadata(about), target, receiver, self.inside.random)


@dataclass(frozen=True)
class GateDoor:
    """Exact cells in; a controlled table and the evidence for its checkers out."""

    inside: Inside

    def control(
        self,
        sealed: BinaryIO,
        question: SignedQuestion,
        *,
        release_id: str,
        policy: str,
        specification_sha256: str,
        tightened: Tightened = AS_PERMITTED,
    ) -> Evidence:
        """Apply policy and history to an answer; keep, encrypted, who is behind each cell and the decision.

        A table is decided once: asked again, its evidence is what was kept. Raises what `ReleaseHistory`
        raises, and then nothing was decided; a privacy budget may be spent all the same.
        """
        project_id = question.specification.project_id
        history = ReleaseHistory(self.inside.vault, project_id)
        head = history.begun()
        kept = history.decided(head, release_id, question)
        if kept is not None:
            return kept
        handed = self._opened(sealed)
        exact = exact_table(handed, question.specification)
        about = handed.schema.metadata or {}
        version = about[DATA_VERSION].decode()
        past, rules = history.past(head), policy_in_force(policy, tightened)
        provenance = Provenance(specification_sha256=specification_sha256, data_version=version)
        asked = Asked(
            release_id=release_id,
            exact=exact,
            structure=structure_of(question.specification),
            roles=asked_roles(question.specification),
            provenance=provenance,
        )
        spent, decided = history.decide(
            head,
            asked,
            rules,
            generator=self._chance(),
        )
        evidence = Evidence(
            release_id=release_id,
            project_id=project_id,
            question=question,
            table=decided.table,
            exact=before_control(exact),
            reasons=reasons(exact, decided.table, rules, withheld=decided.withheld),
            history=decided.audit,
            suppression=decided.suppression,
            earlier=look_back(past, exact, decided, rules, history.archive(head)),
            linkage=linkage_of(about.get(LINKAGE)),
            excluded=excluded_of(about.get(EXCLUDED)),
        )
        history.keep(spent, evidence, to_columns(memberships(exact, decided.table)), decided.after)
        return evidence

    def foresee(
        self, sealed: BinaryIO, question: SignedQuestion, *, policy: str, tightened: Tightened = AS_PERMITTED
    ) -> Preflight:
        """How many cells of an answer would be hidden, were it asked for now; nothing is decided or kept.

        Raises what `foresee` and `ReleaseHistory` raise, and SPECIFICATION_INVALID for dates that are not
        on the calendar of pre-flights.
        """
        asked = question.specification
        if any(off_the_calendar(asked)):
            raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
        history = ReleaseHistory(self.inside.vault, asked.project_id)
        return foresee(
            history.past(history.head()).state,
            exact_table(self._opened(sealed), asked),
            policy_in_force(policy, tightened),
            coarser=age_bandings().coarser(asked.parameters.age_bands),
            generator=self._chance(),
        )

    def _opened(self, sealed: BinaryIO) -> pa.Table:
        plain = unseal_to_memory(sealed, identities=self.inside.identities)
        return pq.read_table(pa.BufferReader(plain))

    def _chance(self) -> np.random.Generator:
        return np.random.default_rng(int.from_bytes(self.inside.random(16), "big"))

    def evidence_bytes(self, project_id: str, release_id: str) -> bytes:
        """The evidence of a release as its checkers saw it."""
        return ReleaseHistory(self.inside.vault, project_id).evidence(release_id).encode()

    def seal_evidence(self, evidence: bytes, target: BinaryIO, checker: Recipient) -> None:
        """Seal the evidence to one checker."""
        seal(io.BytesIO(evidence), target, recipients=[checker], random=self.inside.random)


def _object(*parts: str) -> str:
    return "/".join(parts)


def _compute() -> duckdb.DuckDBPyConnection:
    return locked_duckdb(memory_limit=MEMORY_LIMIT, threads=THREADS)


def _seal_table(table: pa.Table, target: BinaryIO, receiver: Recipient, random: Randomness) -> None:
    """Write a table as zstd Parquet inside an age file; it is never in clear on a disk."""
    with SealingWriter(target, recipients=[receiver], random=random) as writer:
        pq.write_table(table, writer, compression="zstd")
