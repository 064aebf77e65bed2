"""What a process is told by its environment, and what it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import (
    AnalysisSettings,
    ApiSettings,
    CommonSettings,
    GateSettings,
    LinkageSettings,
    LogSettings,
    UnknownSetting,
    WorkerSettings,
    settings_for,
)

COMMON = {
    "TRE_DATABASE_URL": "sqlite:///control.db",
    "TRE_SPOOL": "/srv/spool",
    "TRE_STATUS_FOLDER": "/srv/status",
    "TRE_PINS": "/srv/pins.json",
}
API = COMMON | {"TRE_TOKEN_KEY": "/srv/keys/token.jwk"}
PROCESSES = (ApiSettings, LinkageSettings, AnalysisSettings, GateSettings, LogSettings)


def test_settings_are_those_of_the_environment_passed() -> None:
    settings = settings_for(ApiSettings, API | {"TRE_PORT": "9000", "PATH": "/bin"})
    assert (settings.port, settings.spool, settings.host) == (9000, Path("/srv/spool"), "127.0.0.1")


def test_the_environment_of_the_process_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRE_PORT", "9000")
    monkeypatch.setenv("TRE_SUBMISSION_LIMIT_BYTES", "1")
    assert settings_for(ApiSettings, API) == settings_for(ApiSettings, API | {"TRE_PORT": "8700"})


def test_a_variable_nobody_knows_is_refused_by_name_and_not_by_value() -> None:
    with pytest.raises(UnknownSetting, match=r"^TRE_PROT, TRE_TYPO$"):
        settings_for(ApiSettings, API | {"TRE_TYPO": "secret", "TRE_PROT": "9000"})


def test_a_setting_of_another_process_is_refused() -> None:
    with pytest.raises(UnknownSetting, match="TRE_RELEASE_KEY"):
        settings_for(ApiSettings, API | {"TRE_RELEASE_KEY": "/srv/keys/release.jwk"})


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        settings_for(ApiSettings, COMMON)
    assert [fault["loc"] for fault in refused.value.errors()] == [("token_key",)]


@pytest.mark.parametrize(
    ("name", "value"), [("TRE_PORT", "canary"), ("TRE_TOKEN_SECONDS", "301"), ("TRE_TOKEN_SECONDS", "0")]
)
def test_a_value_of_another_kind_is_refused_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings_for(ApiSettings, API | {name: value})
    assert "canary" not in str(refused.value)


def test_settings_are_frozen() -> None:
    settings = settings_for(ApiSettings, API)
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]  # to see it refused


def test_a_private_key_is_on_the_settings_of_its_process_alone() -> None:
    common = set(WorkerSettings.model_fields)
    own = {form: set(form.model_fields) - common for form in PROCESSES}
    for form, names in own.items():
        others = set().union(*(names for other, names in own.items() if other is not form))
        assert not names & others
    assert "release_key" in own[GateSettings]
    assert not [name for name in CommonSettings.model_fields if "key" in name or "identity" in name]


def test_closed_paths_have_names() -> None:
    closed = {"TRE_FORBIDDEN_PATHS": "keys of gate=/srv/keys/gate:vault of gate=/srv/vault/gate"}
    assert settings_for(ApiSettings, API | closed).closed_paths() == {
        "keys of gate": Path("/srv/keys/gate"),
        "vault of gate": Path("/srv/vault/gate"),
    }
    assert settings_for(ApiSettings, API).closed_paths() == {}


LINKAGE = COMMON | {
    f"TRE_LINKAGE_{name}": f"/srv/{name}" for name in ("IDENTITY", "AT_REST_KEY", "HAND_OVER_KEY", "VAULT")
}
CLUSTER = {
    "TRE_PROFILE": "cluster",
    "TRE_SPARK_MASTER": "spark://master:7077",
    "TRE_SPARK_SECRET": "/srv/keys/spark",
}


def test_a_cluster_is_named_with_its_secret_and_the_profile_that_opens_addresses() -> None:
    assert settings_for(LinkageSettings, LINKAGE | CLUSTER).spark_master == "spark://master:7077"
    local = {"TRE_PROFILE": "cluster", "TRE_SPARK_MASTER": "local[2]"}
    assert settings_for(LinkageSettings, LINKAGE | local).spark_secret is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"TRE_PROFILE": "local"}, "TRE_PROFILE=cluster"),
        ({"TRE_SPARK_SECRET": None}, "TRE_SPARK_SECRET"),
        ({"TRE_SPARK_MASTER": "yarn"}, "spark_master"),
        ({"TRE_SPARK_MASTER": "local[*]"}, "spark_master"),
        ({"TRE_SPARK_DRIVER_MEMORY": "2g -agentlib:x"}, "spark_driver_memory"),
    ],
)
def test_half_a_cluster_starts_no_worker(change: dict[str, str | None], named: str) -> None:
    told = {name: value for name, value in (LINKAGE | CLUSTER | change).items() if value is not None}
    with pytest.raises(ValidationError, match=named):
        settings_for(LinkageSettings, told)
