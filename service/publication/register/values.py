"""What the public register says, as its JSON file holds it; pages and catalogue are made of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from linkage_engine.contract.permit_parts import LegalBasis
from linkage_engine.contract.value import FieldName, ShortText, Slug, Value
from service.publication.standing import State

Address = Annotated[
    str, StringConstraints(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?/([A-Za-z0-9._~/-]*/)?$")
]
"""Where a site will be served: https, ends with a slash."""


class Publisher(Value):
    """Who publishes, in `publisher.json`."""

    publisher: Literal[1] = 1
    title: ShortText
    name: ShortText
    contact: ShortText
    address: Address
    licence: Annotated[str, StringConstraints(pattern=r"^https://[!-;=?-~]+$", max_length=300)] | None = None
    """Under which licence numbers may be used: its address."""


class Counts(Value):
    """What became of a project's questions and releases, counted in a verified log."""

    asked: int = 0
    not_answered: int = 0
    """Refused by disclosure control, or failed."""
    released: int = 0
    refused_by_checkers: int = 0
    """Decisions of output checkers against a release."""
    vetoed: int = 0
    """Releases that a provider kept from leaving."""


class DataUse(Value):
    """One data set that a provider may send to a project."""

    data_set: FieldName
    title: ShortText
    provider: ShortText
    granted_by: ShortText | None
    """The controller that signed for it."""
    until: date | None


class Participant(Value):
    """Who takes part, and as what."""

    name: ShortText
    role: ShortText


class RegisteredRelease(Value):
    """One release that is public, or was."""

    release_id: str
    project_id: Slug
    title: ShortText
    released_at: datetime
    state: State
    corrected_by: str | None
    template: FieldName
    data_version: str
    description: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where its files are, within the site."""
        return f"releases/{self.release_id}"


class Project(Value):
    """One project, as its permit says."""

    project_id: Slug
    title: ShortText
    purpose: ShortText
    public_benefit: ShortText | None
    legal_basis: LegalBasis | ShortText
    intended_outputs: tuple[ShortText, ...]
    valid_from: date
    valid_to: date
    closed_on: date | None
    amended: int
    """How often the permit was amended."""
    participants: tuple[Participant, ...]
    data: tuple[DataUse, ...]
    questions: tuple[ShortText, ...]
    policy: Slug
    counts: Counts | None
    """Nothing where no log was given."""

    @property
    def folder(self) -> str:
        """Where its page is, within the site."""
        return f"projects/{self.project_id}"


class Register(Value):
    """The whole register on a day."""

    form: Literal[1] = 1
    publisher: Publisher
    on: date
    projects: tuple[Project, ...]
    releases: tuple[RegisteredRelease, ...]
    embargoed: int
    """Releases that are to come: nothing else is said of them."""

    def to_bytes(self) -> bytes:
        """The register as a JSON file."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    def of_project(self, project_id: str) -> tuple[RegisteredRelease, ...]:
        """The releases of a project, in the register's order."""
        return tuple(each for each in self.releases if each.project_id == project_id)
