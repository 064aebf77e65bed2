"""Requests made up from openapi.yaml, as everybody: no fault of ours, and only answers that it describes."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.uploads.rules import PIECE_TYPE
from tests.api.test_matrix import NOBODY, ids_of, routes
from tests.at_work import AtWork

EVERYBODY = ("northern-trust", "rosalind", "cheng", "audrey", "oliver", NOBODY)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES = 8


schemathesis.serializer.alias(PIECE_TYPE, "application/octet-stream")


@pytest.mark.parametrize(("method", "path"), sorted(routes()))
def test_every_answer_is_one_that_the_description_allows(awaiting: AtWork, method: str, path: str) -> None:
    awaiting.bring_log_up_to_date()
    ids = ids_of(awaiting)
    operation = schemathesis.openapi.from_asgi("/openapi.json", awaiting.app)[path][method]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],  # a failure is shown as it was met: shrinking takes long
    )
    @given(case=operation.as_strategy(), who=st.sampled_from(EVERYBODY), real=st.booleans())
    def answers(case: schemathesis.Case[Any], who: str, real: bool) -> None:  # noqa: FBT001  # Hypothesis gives it
        if real and "{" in path:
            case.path_parameters = {name: ids.get(name, "not-found") for name in case.path_parameters}
        headers = {} if who == NOBODY else awaiting.bearer(who)
        case.call_and_validate(headers=headers, checks=CHECKS)

    answers()
