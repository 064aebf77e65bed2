"""The file of the project linkage secret: the lead provider makes it, no service sees it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from service.clock import Randomness
from service.keys import others_can_read
from service.problems.provider_tool import OutputExists, SecretUnusable
from service.problems.submissions import WrongLinkageSecret


def make_secret(path: Path, *, random: Randomness) -> LinkageSecret:
    """Write a new secret to a file that only its owner reads; raises OutputExists rather than replace one."""
    secret = LinkageSecret.generate(random)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OutputExists from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret.reveal().hex() + "\n")
    return secret


def read_secret(path: Path) -> LinkageSecret:
    """The secret of a file of 64 hexadecimal digits that nobody else can read; raises SecretUnusable."""
    try:
        readable_by_others = others_can_read(path)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SecretUnusable from None
    if readable_by_others or not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise SecretUnusable
    return LinkageSecret(bytes.fromhex(text))


def check_secret(secret: LinkageSecret, project: ProjectFile) -> None:
    """Nothing where the secret is the project's of this epoch, else WrongLinkageSecret."""
    if key_check(secret, project.project_id, project.secret_epoch) != project.key_check:
        raise WrongLinkageSecret
