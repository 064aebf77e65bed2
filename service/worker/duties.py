"""The four roles of the program inside: their settings and what they do."""

from __future__ import annotations

from collections.abc import Mapping

from service.jobs import Duties, WorkerRole
from service.settings import (
    AnalysisSettings,
    GateSettings,
    LinkageSettings,
    LogSettings,
    WorkerSettings,
)
from service.worker import analysis_role, gate_role, linkage_role, log_role
from service.worker.roles import Surroundings

_SETTINGS: Mapping[WorkerRole, type[WorkerSettings]] = {
    WorkerRole.LINKAGE: LinkageSettings,
    WorkerRole.ANALYSIS: AnalysisSettings,
    WorkerRole.GATE: GateSettings,
    WorkerRole.LOG: LogSettings,
}


def settings_of(role: WorkerRole) -> type[WorkerSettings]:
    """The settings class of a role: the only one that names its keys."""
    return _SETTINGS[role]


def open_role(role: WorkerRole, settings: WorkerSettings, surroundings: Surroundings) -> Duties:
    """Read the role's keys and say what it does; raises KeyFolderUnusable when a key cannot serve."""
    match role, settings:
        case WorkerRole.LINKAGE, LinkageSettings():
            return linkage_role.duties(settings, surroundings)
        case WorkerRole.ANALYSIS, AnalysisSettings():
            return analysis_role.duties(settings, surroundings)
        case WorkerRole.GATE, GateSettings():
            return gate_role.duties(settings, surroundings)
        case WorkerRole.LOG, LogSettings():
            return log_role.duties(settings, surroundings)
        case _:
            msg = "the settings of another role"
            raise TypeError(msg)
