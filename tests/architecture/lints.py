"""Home-made lints: what ruff does not know about this project, each a walk over one module's tree.

A rule takes a module's tree and yields the lines that break it. Where it holds, and which
modules are let off for which reason, stands in RULES.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Check = Callable[[ast.Module], Iterator[int]]


@dataclass(frozen=True)
class Rule:
    """One lint, the paths it looks at, and who is let off and why."""

    check: Check
    within: tuple[str, ...]
    let_off: Mapping[str, str] = field(default_factory=dict)

    def looks_at(self, path: str) -> bool:
        return path.startswith(self.within) and not any(path.startswith(known) for known in self.let_off)


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute; of anything else its last name alone."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_dotted(value)}.{name}"
        case _:
            return ""


# --- SQL is never put together from strings

SQL_TAKERS = {"execute", "executemany", "executescript", "exec_driver_sql", "sql", "text"}


def no_sql_from_strings(tree: ast.Module) -> Iterator[int]:
    """Text given to a database is a constant or a name, never an f-string, a sum, `%` or `.format`."""
    for call in _calls(tree):
        taker = _dotted(call.func).rpartition(".")[2]
        if taker in SQL_TAKERS and call.args and _is_put_together(call.args[0]):
            yield call.lineno


def _is_put_together(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.BinOp(op=ast.Mod() | ast.Add()):
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "join" | "replace")):
            return True
        case ast.Call(func=function, args=[first, *_]):  # sa.text(f"...") inside execute(...)
            return _dotted(function).rpartition(".")[2] in SQL_TAKERS and _is_put_together(first)
        case _:
            return False


# --- statements go through a session, where the guard sees them


def no_bare_connection(tree: ast.Module) -> Iterator[int]:
    """Nothing is executed on a connection or an engine: the audit guard watches sessions."""
    for call in _calls(tree):
        receiver, _, method = _dotted(call.func).rpartition(".")
        if method in {"execute", "exec_driver_sql"} and receiver.rpartition(".")[2] in {
            "connection",
            "conn",
            "engine",
            "cursor",
        }:
            yield call.lineno


# --- logs say types and codes, never what an exception says

LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log", "msg", "bind"}


def no_exceptions_in_logs(tree: ast.Module) -> Iterator[int]:
    """No exception, its text, a traceback or an f-string reaches a log line."""
    caught = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    for call in _calls(tree):
        receiver, _, level = _dotted(call.func).rpartition(".")
        if receiver.rpartition(".")[2] not in {"log", "logger", "_log"} or level not in LEVELS:
            continue
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        traced = level == "exception" or any(k.arg in {"exc_info", "stack_info"} for k in call.keywords)
        if traced or any(_tells(node, caught) for node in given):
            yield call.lineno


def _tells(node: ast.expr, caught: set[str]) -> bool:
    """Whether an argument is an exception or words made of one; `type(fault).__name__` is neither."""
    match node:
        case ast.Name(id=name):
            return name in caught
        case ast.JoinedStr():
            return True
        case ast.Call(func=ast.Name(id="str" | "repr" | "format"), args=[first, *_]):
            return _tells(first, caught)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return name in caught and attribute not in {"code", "slug"}
        case _:
            return False


# --- exact numbers are not turned into text

SERIALISERS = {"asdict", "astuple", "dumps", "dump", "model_dump", "model_dump_json", "to_json", "to_csv"}


def no_serialising(tree: ast.Module) -> Iterator[int]:
    """Where exact cells are, nothing turns a value into JSON, a dict or a file."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(one.name == "json" for one in names):
                yield node.lineno
            case ast.ImportFrom(module="json"):
                yield node.lineno
            case ast.Call(func=function) if _dotted(function).rpartition(".")[2] in SERIALISERS:
                yield node.lineno
            case _:
                continue


# --- settings, time and chance are passed


def no_environment(tree: ast.Module) -> Iterator[int]:
    """The environment is read where a program begins, and nowhere else."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "environb" | "getenv" | "putenv"):
                yield node.lineno
            case ast.ImportFrom(module="os", names=names) if {"environ", "getenv"} & {n.name for n in names}:
                yield node.lineno
            case _:
                continue


CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns")
DICE = ("secrets.", "random.", "os.urandom", "uuid.uuid1", "uuid.uuid4", "np.random.seed", "np.random.rand")


def no_hidden_clock_or_dice(tree: ast.Module) -> Iterator[int]:
    """Time and chance are arguments: a test decides what day it is."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute():
                name = _dotted(node)
                if name.endswith(CLOCKS) or name.startswith(DICE):
                    yield node.lineno
            case ast.Call(func=function, args=[], keywords=[]) if _dotted(function).endswith("default_rng"):
                yield node.lineno
            case ast.ImportFrom(module="secrets" | "random" | "time", names=names) if {
                "time",
                "time_ns",
                "token_bytes",
                "token_hex",
                "choice",
                "random",
            } & {n.name for n in names}:
                yield node.lineno
            case _:
                continue


PROGRAMS = {
    "service/api.py": "a program begins here",
    "service/worker/main.py": "a program begins here",
    "service/operate/up.py": "starts the programs: passes on PATH and the language",
    "linkage_engine/link/java.py": "starts the process that starts Java: passes on PATH and where Java is",
    "linkage_engine/link/spark_session.py": "tells pyspark of a Java process in the one way that it reads",
    "linkage_engine/laboratory/": "runs the installed commands as a person would, in its own environment",
}
RULES: Mapping[str, Rule] = {
    "sql-from-strings": Rule(
        no_sql_from_strings,
        within=("service/", "linkage_engine/", "migrations/"),
        let_off={
            "service/database.py": "three PRAGMA lines of constants, which take no parameters",
            "linkage_engine/link/plaintext.py": "names of our own tables; runs in the laboratory only",
            "migrations/roles.py": "rights and policies take no parameters; of names of our own alone",
        },
    ),
    "bare-connection": Rule(
        no_bare_connection,
        within=("service/",),
        let_off={
            "service/database.py": "sets a connection up before any session has it",
            "service/audit/append_only.py": "triggers, made together with the tables",
        },
    ),
    "exceptions-in-logs": Rule(no_exceptions_in_logs, within=("service/", "linkage_engine/")),
    "serialising": Rule(
        no_serialising,
        within=("linkage_engine/query/", "linkage_engine/disclosure/"),
        let_off={"linkage_engine/disclosure/policy.py": "reads and digests the policy, which is no record"},
    ),
    "environment": Rule(no_environment, within=("service/", "linkage_engine/"), let_off=PROGRAMS),
    "clock-or-dice": Rule(
        no_hidden_clock_or_dice,
        within=("service/", "linkage_engine/"),
        let_off={
            "service/clock.py": "the clock of production",
            "service/api.py": "a program begins here",
            "service/notebook/connect.py": "a notebook begins here",
            "service/provider/delivery_withdrawal.py": "commands of a program begin here",
            "service/operate/acting.py": "what main begins for every command of the operator",
            **{
                f"service/{tool}/main.py": "a program begins here"
                for tool in ("worker", "provider", "researcher", "checker", "reviewer", "operate")
            },
            "linkage_engine/laboratory/": "measures and makes up people; its dice are seeded",
        },
    ),
}


def broken(rule: Rule, source: str) -> list[int]:
    """The lines of a module that break a rule."""
    return sorted(rule.check(ast.parse(source)))
