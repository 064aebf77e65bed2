"""The recipe card of a release: what was asked, of which data, under which rules, and how to check it."""

from __future__ import annotations

import hashlib
import json

from service.publication.released import Released
from service.publication.words import day, question_in_words


def recipe(released: Released) -> bytes:
    """The card as a JSON file: every digest that the release can be checked by, and the question itself."""
    statement, record, log = released.statement, released.record, released.log
    card = {
        "recipe": 1,
        "release_id": statement.release_id,
        "project_id": statement.project_id,
        "released_at": statement.released_at.isoformat(),
        "citation": citation(released),
        "question_in_words": question_in_words(released),
        "specification": json.loads(released.files["query.json"])["question"]["specification"],
        "specification_sha256": record.specification_sha256,
        "data_version": record.data_version,
        "policy": record.policy,
        "policy_version": record.policy_version,
        "policy_sha256": record.policy_sha256,
        "approvals": len(statement.approved_by),
        "decisions_sha256": statement.decisions_sha256,
        "files": [each.model_dump(mode="json") for each in statement.files],
        "log": {"origin": log.origin, "entry": log.index, "tree_size": log.size},
        "verify": VERIFY,
    }
    return (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode()


VERIFY = "tre-audit verify-release release.zip --vkey log.vkey --release-key release-key.jwk"
"""How anybody checks a package, offline."""


def citation(released: Released) -> str:
    """How to cite the release: title, project, release, day, and the digest that tells it from any other."""
    statement = released.statement
    digest = hashlib.sha256(released.files["release.json"]).hexdigest()
    return (
        f"{released.table.title}. Project {statement.project_id}, release {statement.release_id}, "
        f"{day(statement.released_at)}. release.json sha256:{digest}"
    )
