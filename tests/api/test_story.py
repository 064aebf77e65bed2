"""From the permit to the released package, over HTTP, with the workers' reports in between."""

from __future__ import annotations

import pytest

from tests.at_work import AtWork
from tests.factories import PROJECT

pytestmark = pytest.mark.both_databases


def test_two_deliveries_are_linked_asked_about_and_approved(project: AtWork) -> None:
    project.finished_run()
    release_id = project.awaiting()
    assert project.decide("cheng", release_id).json()["state"] == "awaiting"
    assert project.decide("carol", release_id).json()["state"] == "approved"
    assert f"sign-release:{release_id}" in project.jobs()
    assert project.get("rosalind", f"/queries/{release_id}").json()["release_id"] == release_id
    assert project.get("rosalind", f"/projects/{PROJECT}").status_code == 200
