"""The demo step by step: the order of docs/ARCHITECTURE.md, each step by the command that people use."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage_engine.laboratory.demo.cast import (
    PROJECT,
    PROVIDERS,
    VALID_FROM,
    VALID_TO,
    cast,
    grant_path,
    mapping_of,
    permit_draft,
    questions,
    sent_by,
    specification,
    specification_to_subtract,
)
from linkage_engine.laboratory.demo.commands import Journal, StepFailed, wait_for

WAIT = ("--wait", "300")


@dataclass
class Demo:
    """One run: its folders and what it learnt on the way."""

    out: Path
    journal: Journal
    providers: tuple[str, ...] = PROVIDERS
    """Who takes part: tests of something else than the data do with fewer."""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The service's installation."""
        return self.out / "home"

    @property
    def url(self) -> str:
        """Where the api listens."""
        installation = json.loads((self.home / "installation.json").read_text())
        return f"http://{installation['host']}:{installation['port']}"

    def keys(self, principal_id: str) -> Path:
        """The key folder of a principal: on a real site on that person's own machine."""
        return self.out / "people" / principal_id

    def release(self, template: str) -> Path:
        """Where the researcher keeps a release; the package itself lies beside it."""
        return self.out / "release" / template

    def signed_in(self, principal_id: str) -> tuple[str | Path, ...]:
        """The options that say where the service is and who asks."""
        return ("--url", self.url, "--keys", self.keys(principal_id))

    def at(self, provider: str, name: str) -> Path:
        """A file on a provider's machine."""
        return self.out / "providers" / provider / name


def make_england(demo: Demo, people: int, seed: int) -> None:
    """Synthetic people, and what each provider knows of them."""
    demo.facts["england"] = demo.journal.ask(
        "tre-evaluate",
        "england",
        "--people",
        str(people),
        "--seed",
        str(seed),
        "--out",
        demo.out / "providers",
    )


def set_up(demo: Demo) -> None:
    """An installation with its keys, and everybody's key folder."""
    demo.journal.run("tre-operate", "init", demo.home, "--port", "0")
    for member in cast(demo.providers):
        role = ("--role", member.role) if member.tool == "tre-operate" else ()
        folder = demo.keys(member.principal_id)
        said = demo.journal.run(member.tool, "keys", folder, member.name, "--id", member.principal_id, *role)
        demo.facts.setdefault("said", {})[member.principal_id] = _read_out(said)
    public = [demo.keys(member.principal_id) / "public.json" for member in cast(demo.providers)]
    demo.journal.run("tre-operate", "register", demo.home, *public)
    said = demo.journal.run("tre-operate", "fingerprints", demo.home)
    demo.facts["said"]["governance"] = {"thumbprint": said.split("governance key ")[1].split()[0]}


def _read_out(said: str) -> dict[str, str]:
    """What a key folder's owner reads out: the thumbprint, and the fingerprint where there is one."""
    parts = (
        line.partition(f"{name} ") for line in said.splitlines() for name in ("thumbprint", "fingerprint")
    )
    return {name.strip(): value for _, name, value in parts if value}


def grant(demo: Demo, provider: str) -> None:
    """As the controller of its data: the provider grants each data set to the project."""
    dates = ("--from", VALID_FROM, "--to", VALID_TO)
    for name in sent_by(provider, demo.providers):
        terms = ("--classification", "special-category", "--opt-outs", "applied")
        out = grant_path(demo.out / "people", provider, name)
        demo.journal.run(
            "tre-provider",
            "grant",
            PROJECT,
            name,
            *terms,
            *dates,
            "--keys",
            demo.keys(provider),
            "--out",
            out,
        )


def open_project(demo: Demo) -> None:
    """The grants of those whose data they are, the signed permit and the project."""
    # Each at its own machine, side by side.
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda provider: grant(demo, provider), demo.providers))
    draft, permit = demo.out / "permit.json", demo.out / "permit.jws"
    fields = permit_draft(demo.out / "people", providers=demo.providers)
    draft.write_text(json.dumps(fields, indent=2) + "\n")
    demo.journal.run("tre-operate", "permit", demo.home, draft, "--out", permit)
    demo.journal.run("tre-operate", "open", permit, *demo.signed_in("operator"))


def share_secret(demo: Demo) -> None:
    """Keys read out by telephone and pinned; the lead provider's secret sealed to each, opened by each."""
    lead, *others = demo.providers
    secret = ("tre-provider", "secret")
    # Each at its own machine, side by side.
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: _pin(demo, one, others if one == lead else [lead]), demo.providers))
        demo.facts["ceremony"] = demo.journal.run(*secret, "make", PROJECT, *demo.signed_in(lead))
        list(pool.map(lambda one: demo.journal.run(*secret, "fetch", PROJECT, *demo.signed_in(one)), others))


def _pin(demo: Demo, provider: str, partners: Sequence[str]) -> None:
    """Governance's key and those of partners, as they said them: the demo's telephone."""
    keys = ("--keys", demo.keys(provider))
    said = demo.facts["said"]
    thumbprint = ("--thumbprint", said["governance"]["thumbprint"])
    demo.journal.run("tre-provider", "pin-governance", *thumbprint, *keys)
    for partner in partners:
        heard = [word for name, value in said[partner].items() for word in (f"--{name}", value)]
        demo.journal.run("tre-provider", "pin", partner, *heard, *keys)


def deliver(demo: Demo, provider: str) -> None:
    """Validate, seal and submit one provider's files, and wait until they are accepted."""
    _send(demo, provider)
    _wait_until_accepted(demo, provider)


def _send(demo: Demo, provider: str) -> None:
    journal = demo.journal
    mapping = demo.at(provider, mapping_of(provider, demo.providers))
    project, package = demo.at(provider, "project.json"), demo.at(provider, "delivery.tresub")
    journal.run("tre-provider", "project", PROJECT, *demo.signed_in(provider), "--out", project)
    journal.run("tre-provider", "validate", mapping, "--json", demo.at(provider, "validation-report.json"))
    journal.run(
        "tre-provider",
        "seal",
        mapping,
        "--project",
        project,
        "--keys",
        demo.keys(provider),
        "--out",
        package,
        "--keep-person-keys",
        demo.at(provider, "person-keys.csv"),
    )
    journal.run("tre-provider", "submit", package, *demo.signed_in(provider))
    receipt = json.loads(demo.at(provider, "delivery.tresub.receipt.json").read_text())
    demo.facts.setdefault("receipts", {})[provider] = receipt
    demo.facts.setdefault("sent", {})[provider] = json.loads(
        demo.at(provider, "validation-report.json").read_text()
    )


def _wait_until_accepted(demo: Demo, provider: str) -> None:
    submission_id = demo.facts["receipts"][provider]["submission_id"]
    wait_for(f"is the delivery of {provider} accepted?", _accepted(demo, provider, submission_id))


def _accepted(demo: Demo, provider: str, submission_id: str) -> Iterator[bool]:
    while True:
        status = demo.journal.ask("tre-provider", "status", submission_id, *demo.signed_in(provider))
        if status["state"] == "rejected":
            raise StepFailed(f"{provider}: rejected")
        yield status["state"] == "accepted"


def link(demo: Demo) -> None:
    """The operator's linkage run: figures only."""
    run = demo.journal.ask("tre-operate", "link", PROJECT, *demo.signed_in("operator"), *WAIT)
    if run["state"] != "finished":
        raise StepFailed(f"the linkage run is {run['state']} after {WAIT[1]} seconds")
    demo.facts["linkage_run"] = run


def ask(demo: Demo) -> None:
    """The researcher's questions, and one about a project that is not the researcher's."""
    demo.facts["queries"] = {
        template: _answer(demo, template, fields) for template, fields in questions(demo.providers).items()
    }
    outside = demo.out / "question-outside-the-permit.json"
    outside.write_text(json.dumps(specification(project_id="another-project"), indent=2) + "\n")
    demo.facts["refused"] = demo.journal.run(
        "tre-researcher", "ask", outside, *demo.signed_in("researcher"), expect=1
    )


def _answer(demo: Demo, template: str, fields: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
    question = demo.out / f"question-{template}.json"
    question.write_text(json.dumps(fields, indent=2) + "\n")
    answer = demo.journal.ask("tre-researcher", "ask", question, *demo.signed_in("researcher"), *WAIT)
    if answer["state"] != "controlled":
        raise StepFailed(f"the question ended as {answer['state']}: {answer.get('code')}")
    return answer


def check_and_fetch(demo: Demo) -> None:
    """Two checkers open the sealed evidence and approve; the researcher fetches the signed packages."""
    journal, reason = demo.journal, ("--reason", "Safe under the policy.")
    for template, query in demo.facts["queries"].items():
        release_id = query["query_id"]
        for checker in ("checker-one", "checker-two"):
            shown = journal.run("tre-checker", "open", release_id, *demo.signed_in(checker))
            (demo.out / f"evidence-of-{template}-as-{checker}-saw-it.txt").write_text(shown)
            journal.run("tre-checker", "approve", release_id, *demo.signed_in(checker), *reason)
        wait_for("is the release signed and in the log?", _fetched(demo, template, release_id))


def _fetched(demo: Demo, template: str, release_id: str) -> Iterator[bool]:
    out = demo.release(template)
    out.parent.mkdir(exist_ok=True)
    while True:
        try:
            demo.journal.run(
                "tre-researcher", "fetch", release_id, *demo.signed_in("researcher"), "--out", out
            )
        except StepFailed as failed:
            if "Not released" not in str(failed):
                raise
            yield False
        else:
            yield True


def subtract(demo: Demo) -> None:
    """A differencing attempt after the release: who changed within a week; a checker sees what was hidden."""
    attempt = _answer(demo, "a-week-earlier", specification_to_subtract())
    parts = ("--out", demo.out / "evidence-of-a-week-earlier")
    release_id = attempt["query_id"]
    shown = demo.journal.run("tre-checker", "open", release_id, *demo.signed_in("checker-one"), *parts)
    (demo.out / "evidence-of-a-week-earlier-as-checker-one-saw-it.txt").write_text(shown)
    demo.facts["subtracted"] = shown


def audit(demo: Demo) -> None:
    """The reviewer exports the log and verifies it offline; a flipped byte is named."""
    pins = json.loads((demo.home / "pins.json").read_text())
    vkey, release_key = demo.out / "log.vkey", demo.out / "release-key.jwk"
    vkey.write_text(pins["log_vkey"] + "\n")
    release_key.write_text(json.dumps(pins["release_key"]) + "\n")
    bundle, tampered = demo.out / "log-bundle.zip", demo.out / "log-bundle-tampered.zip"
    demo.journal.run("tre-audit", "export", *demo.signed_in("reviewer"), "--out", bundle)
    pinned = ("--vkey", vkey, "--release-key", release_key)
    demo.facts["verified"] = demo.journal.run("tre-audit", "verify", bundle, *pinned)
    demo.facts["releases_verified"] = {
        template: demo.journal.run(
            "tre-audit", "verify-release", demo.release(template).with_suffix(".zip"), *pinned
        )
        for template in demo.facts["queries"]
    }
    _flip_a_byte(bundle, tampered)
    demo.facts["tampered"] = demo.journal.run("tre-audit", "verify", tampered, *pinned, expect=1)


def _flip_a_byte(bundle: Path, tampered: Path) -> None:
    """A copy of the bundle with one character of one entry changed."""
    shutil.copy(bundle, tampered)
    with zipfile.ZipFile(bundle) as good, zipfile.ZipFile(tampered, "w") as bad:
        for member in good.infolist():
            data = good.read(member)
            if member.filename == "entries.jsonl":
                lines = data.splitlines(keepends=True)
                lines[7] = lines[7].replace(b"done", b"dome", 1)
                data = b"".join(lines)
            bad.writestr(member, data)


def deliver_all(demo: Demo) -> None:
    """Every provider's delivery; the workers open one while the next is sealed."""
    for provider in demo.providers:
        _send(demo, provider)
    for provider in demo.providers:
        _wait_until_accepted(demo, provider)
