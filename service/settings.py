"""What each process is told by its environment: one class a process, so that a key exists only where it may.

Secrets are paths of files, never values. A variable `TRE_*` that the process does not
know is refused: a mistyped limit would not hold. Only what `settings_for` is given is read:
no library looks into the environment behind it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

PREFIX = "TRE_"
S = TypeVar("S", bound="CommonSettings")


class UnknownSetting(Exception):
    """The environment has a TRE_ variable that this process does not know."""


class CommonSettings(BaseModel):
    """What every process needs: where things lie, and the public keys it believes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: str
    database_wait_seconds: float = Field(default=30.0, gt=0, le=300)
    """How long a transaction waits for another's write lock before it is refused as busy."""
    spool: Path
    status_folder: Path
    """Where each process writes its measured isolation and last sign of life."""
    pins: Path
    """The pinned public keys: governance, workers, release, log. Root's file, read by all."""
    forbidden_paths: str = ""
    """What this process must not be able to open: `name=path`, separated by colons. It is tried at start."""

    sandbox: bool = True
    """Whether the process closes itself in; when it does not, its isolation is shown as reduced."""
    read_only_paths: str = ""
    """Folders in which this process must not be able to make a file, written likewise and tried at start."""

    def closed_paths(self) -> dict[str, Path]:
        """The forbidden paths by the names they are shown under."""
        return _named(self.forbidden_paths)

    def unwritable_paths(self) -> dict[str, Path]:
        """The folders that others write, by the names they are shown under."""
        return _named(self.read_only_paths)


def _named(listed: str) -> dict[str, Path]:
    pairs = (pair.split("=", 1) for pair in listed.split(":") if pair)
    return {name: Path(path) for name, path in pairs}


class ApiSettings(CommonSettings):
    """The api: listens, relays ciphertext, holds no key of a record, a release or the log."""

    host: str = "127.0.0.1"
    port: int = 8700
    token_key: Path
    """Signs access tokens."""
    audience: str = "tre-linkage"
    token_seconds: int = Field(default=300, ge=1, le=300)
    address: str | None = None
    """Where clients reach the api, as `https://tre.example`, behind a proxy; else as their request says."""
    bearer_tokens: bool = False
    """Whether who proves no key is given a token all the same: for programs that cannot sign each request."""
    people_key: Path | None = None
    """What enrolments and sign-ins by browser are made with; without it there are none."""
    identity_provider: Path | None = None
    """The registration of the organisation's identity provider, the one thing that the api asks outside."""
    session_idle_seconds: int = Field(default=1800, ge=60, le=3600)
    """A browser that asks for nothing for so long is signed out."""
    session_seconds: int = Field(default=28_800, ge=60, le=43_200)
    """A browser is signed out so long after it was signed in, whatever it does."""
    submission_limit_bytes: int = Field(default=4 << 30, ge=1)
    upload_quota_bytes: int = Field(default=8 << 30, ge=1)
    """What all uploads that a provider has begun and not finished may hold together."""
    upload_expiry_seconds: int = Field(default=86_400, ge=1)
    """An upload that nothing is added to for so long is removed."""
    upload_idle_seconds: float = Field(default=30.0, gt=0)
    """A sender that says nothing for so long in the middle of a piece has broken off."""


class WorkerSettings(CommonSettings):
    """What the four workers share."""

    profile: Literal["local", "cluster"] = "local"
    poll_seconds: float = Field(default=0.25, gt=0, le=10)

    @property
    @abstractmethod
    def own_folder(self) -> Path:
        """Where the worker keeps what nobody else may read or change."""


class LinkageSettings(WorkerSettings):
    """The linkage worker: tokens in, link ids out."""

    linkage_identity: Path
    linkage_at_rest_key: Path
    linkage_hand_over_key: Path
    linkage_vault: Path
    spark_master: str | None = Field(default=None, pattern=r"^(local\[\d+\]|spark://[\w.-]+:\d+)$")
    """Where permits that ask for Spark are linked: a standalone master, or `local[n]`, n threads here."""
    spark_secret: Path | None = None
    """The file of what all members of the cluster know: `spark.authenticate.secret`."""
    spark_driver_address: str = "127.0.0.1"
    """Of this machine, as the cluster's workers reach it."""
    spark_driver_memory: str = Field(default="2g", pattern=r"^\d+[gm]$")
    spark_executor_memory: str = Field(default="2g", pattern=r"^\d+[gm]$")
    """Of each executor: a cluster's worker has room for it, or gives none."""
    spark_folder: Path | None = None
    """For encrypted blocks that do not fit into memory; where none is named, that of temporary files."""

    @model_validator(mode="after")
    def spark_is_meant(self) -> Self:
        """A cluster is joined with its secret alone, and by a worker that is meant to reach addresses."""
        if self.spark_master is not None and self.profile != "cluster":
            raise ValueError("TRE_SPARK_MASTER needs TRE_PROFILE=cluster")
        if (self.spark_master or "").startswith("spark://") and self.spark_secret is None:
            raise ValueError("a standalone master needs TRE_SPARK_SECRET")
        return self

    @property
    def own_folder(self) -> Path:
        """The vault's folder."""
        return self.linkage_vault


class AnalysisSettings(WorkerSettings):
    """The analysis worker: events by link id in, exact cells out to the gate."""

    analysis_identity: Path
    analysis_at_rest_key: Path
    analysis_hand_over_key: Path
    analysis_vault: Path
    query_seconds: float = 60.0

    @property
    def own_folder(self) -> Path:
        """The vault's folder."""
        return self.analysis_vault


class GateSettings(WorkerSettings):
    """The gate: exact cells in, controlled tables out, signed."""

    gate_identity: Path
    gate_at_rest_key: Path
    gate_vault: Path
    release_key: Path

    @property
    def own_folder(self) -> Path:
        """The vault's folder."""
        return self.gate_vault


class LogSettings(WorkerSettings):
    """The log: entries in, signed checkpoints out."""

    log_key: Path
    log_memory: Path
    """The worker's own note of the last checkpoint it signed: a rolled-back database is seen by it."""
    batch: int = 500
    tally_seconds: int = 60
    heartbeat_seconds: int = Field(default=3600, ge=1)

    @property
    def own_folder(self) -> Path:
        """The vault's folder."""
        return self.log_memory.parent


def settings_for(form: type[S], environment: Mapping[str, str]) -> S:
    """The settings of one process from its environment.

    Raises UnknownSetting naming the variables (never their values), and pydantic's
    ValidationError naming what is missing.
    """
    known = {f"{PREFIX}{name}".upper() for name in form.model_fields}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise UnknownSetting(", ".join(unknown))
    values = {
        name: environment[f"{PREFIX}{name}".upper()]
        for name in form.model_fields
        if f"{PREFIX}{name}".upper() in environment
    }
    return form.model_validate(values)
