"""The lints hold in our code, and each fires when it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.lints import RULES, broken

PACKAGES = ("service", "linkage_engine", "migrations")


def modules(root: Path) -> list[tuple[str, str]]:
    """Every module of ours by its path in the project, and its text."""
    paths = [path for package in PACKAGES for path in (root / package).rglob("*.py")]
    return [(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(paths)]


@pytest.mark.parametrize("name", RULES)
def test_our_code_keeps_the_rule(name: str, pytestconfig: pytest.Config) -> None:
    rule = RULES[name]
    looked_at = [(path, text) for path, text in modules(pytestconfig.rootpath) if rule.looks_at(path)]
    assert looked_at
    assert [f"{path}:{line}" for path, text in looked_at for line in broken(rule, text)] == []


@pytest.mark.parametrize("name", RULES)
def test_nobody_is_let_off_who_needs_it_no_more(name: str, pytestconfig: pytest.Config) -> None:
    rule = RULES[name]
    for known in rule.let_off:
        texts = [text for path, text in modules(pytestconfig.rootpath) if path.startswith(known)]
        assert texts, known
        assert any(broken(rule, text) for text in texts), known


PLANTED: dict[str, tuple[str, ...]] = {
    "sql-from-strings": (
        'session.execute(f"SELECT {name} FROM person")',
        'connection.sql("SELECT * FROM " + table)',
        'session.execute(sa.text("SELECT %s" % name))',
        'sa.text("SELECT {}".format(name))',
        'cursor.executemany(" ".join(words), rows)',
    ),
    "bare-connection": (
        "connection.execute(statement)",
        "self.engine.exec_driver_sql(text)",
        "cursor.execute(statement)",
    ),
    "exceptions-in-logs": (
        'try:\n    act()\nexcept ValueError as fault:\n    log.error("failed", fault=str(fault))',
        'try:\n    act()\nexcept ValueError as fault:\n    surroundings.log.warning("failed", fault=fault)',
        'try:\n    act()\nexcept ValueError as fault:\n    log.error("failed", fault=fault.args)',
        'log.info(f"read {row}")',
        'log.exception("failed")',
        'log.error("failed", exc_info=True)',
    ),
    "serialising": (
        "import json",
        "from json import dumps",
        "dataclasses.asdict(table)",
        "asdict(table)",
        "table.model_dump_json()",
        'frame.to_csv("out.csv")',
    ),
    "environment": (
        'os.environ["TRE_PORT"]',
        'os.getenv("TRE_PORT")',
        "from os import environ",
    ),
    "clock-or-dice": (
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "now = time.time()",
        "secrets.token_bytes(16)",
        "random.random()",
        "os.urandom(16)",
        "uuid.uuid4()",
        "np.random.default_rng()",
        "from secrets import token_hex",
    ),
}
ALLOWED: dict[str, tuple[str, ...]] = {
    "sql-from-strings": ('session.execute(sa.text("SELECT 1"))', "session.execute(sa.select(Person))"),
    "bare-connection": ("session.execute(statement)", "connection.register(name, table)"),
    "exceptions-in-logs": (
        'try:\n    act()\nexcept ValueError as fault:\n    log.error("failed", fault=type(fault).__name__)',
        'try:\n    act()\nexcept Refusal as fault:\n    log.error("failed", code=fault.code)',
        'print(f"{row}")',
    ),
    "serialising": ("table.to_arrow()", "repr(table)"),
    "environment": ("os.path", "settings.port"),
    "clock-or-dice": ("clock()", "random(16)", "np.random.default_rng(seed)", "time.perf_counter()"),
}


def _each(sources: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in sources.items() for text in texts]


def test_every_rule_is_tried() -> None:
    assert set(PLANTED) == set(ALLOWED) == set(RULES)


@pytest.mark.parametrize(("name", "source"), _each(PLANTED))
def test_a_planted_fault_is_found(name: str, source: str) -> None:
    assert len(set(broken(RULES[name], source))) == 1


@pytest.mark.parametrize(("name", "source"), _each(ALLOWED))
def test_what_is_allowed_is_left_alone(name: str, source: str) -> None:
    assert broken(RULES[name], source) == []
