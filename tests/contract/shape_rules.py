"""Budgets, names and bans as functions: each takes the root of a tree and returns one sentence for each violation.

Line budgets do not hold for migrations: they are written once, in the words of the database.
"""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 40
ROUTE_LINES = 12
SHARED_CODE_LINES = 8000

PRODUCT = ("deploy", "embedded", "gateway", "services", "shared")
CODE = (*PRODUCT, "scripts", "tests")

ROOM_FILES = frozenset({"__init__", "routes", "schemas", "handlers", "queries", "rules", "shapes", "tables"})
SERVICE_FILES = frozenset({"__init__", "app", "worker", "settings", "events", "consumers"})
SERVICE_FOLDERS = frozenset({"consumers", "migrations", "rule_sets", "static"})

# Files with a name of their own, each with its reason. A new line here is a decision, not a formality.
OWN_NAMES: dict[str, str] = {
    "gateway/forwarding/*": "a proxy is a machine, not a room of records: its parts are named after what they do",
    "gateway/identity/passwords.py": "the only module that knows argon2",
    "gateway/identity/tokens.py": "tokens for the outside are made here and nowhere else",
    "gateway/identity/statements.py": "what a service is told of a caller is signed here and nowhere else",
    "gateway/identity/attempts.py": "whoever proves a password is counted and locked out in one place",
    "gateway/identity/credentials.py": "setting and proving a password again, apart from signing in with it",
    "gateway/identity/issuer.py": "the only module that speaks to an issuer outside",
    "gateway/identity/outside.py": "the exchange of an issuer's token for a sign-in of ours",
    "gateway/identity/verified_tokens.py": "a signature is verified once, and what it says judged with every request",
    "gateway/identity/machines.py": "a machine signs in by key: neither a password nor a lock-out",
    "gateway/identity/callers.py": "who sends a request, for every room and for what is forwarded",
    "gateway/identity/known.py": "what is remembered of a sign-in, and what follows from it alone",
    "gateway/feed/live.py": "a stream lives as long as a sign-in: neither a route nor a read",
    "gateway/webhooks/targets.py": "which addresses may be connected to, looked up and judged in one place",
    "gateway/webhooks/sealing.py": "secrets are sealed and opened here alone",
    "gateway/webhooks/sending.py": "the only module that speaks to a target outside",
    "gateway/webhooks/delivering.py": "the loop of the worker that carries events: neither a use case nor a read",
    "gateway/structure/effects.py": "what a change of the tree does, for the request of its day and for the tick alike",
    "gateway/seed.py": "the first filling crosses all rooms of the gateway",
}

NAMELESS_FILES = frozenset({"utils", "util", "common", "base", "misc", "helpers", "manager", "managers", "service"})
NAMELESS_ALLOWED = frozenset({"shared/service.py"})  # builds the application of every service in one order
NAMELESS_CLASS = re.compile(r"(Service|Manager|Helper|Utils)$")

CLOCK_OWNERS = frozenset({"shared/clock.py", "shared/logging.py"})  # a log line has the machine's time, moved or not
CLOCK_CALLS = frozenset({("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")})
BANNED_IMPORTS = ("fastapi.testclient", "starlette.testclient", "niquests", "slowapi", "passlib", "jose")

TEXT_SUFFIXES = frozenset(
    (".py", ".md", ".toml", ".lock", ".yml", ".yaml", ".json", ".conf", ".sh", ".sql", ".txt", ".env", ".typ", ".csv")
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/\w|/tmp/\w*anlan")
REGISTRY_HOSTS = tuple(
    name + "." + end
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("gcr", "io"),
    )
)
# Words that point outside of this repository, as the head of their SHA-256, so that the list itself does not say them.
# fmt: off
FOREIGN_WORDS = frozenset((
    "b4128df29f3726b4", "c857d09db23e6822", "c70eca6b0f88f44d", "7d3194f79e645c42", "60965168ce762e94",
    "053ea4804ef1bb33", "487b91042c7cf27a", "de2187af3fb01170", "3ea125d0bff386e6", "94a168d2da574b00",
    "d298391b07433318", "386ebc0efd04339a",
))
# fmt: on


def files_are_short(root: Path) -> Iterator[str]:
    for path, text in _sources(root, CODE):
        lines = text.count("\n")
        if lines > FILE_LINES and not _is_migration(path):
            yield f"{path}: {lines} lines, the budget is {FILE_LINES}: split by noun"


def functions_are_short(root: Path) -> Iterator[str]:
    for path, text in _sources(root, CODE):
        for node in _functions(text):
            lines = _end(node) - node.lineno + 1
            if lines > FUNCTION_LINES and not _is_migration(path):
                yield f"{path}:{node.lineno} {node.name}: {lines} lines, the budget is {FUNCTION_LINES}"


def routes_are_thin(root: Path) -> Iterator[str]:
    """Every decorated function of a routes.py, from `def` to the end, docstring and decorators left out."""
    for path, text in _sources(root, PRODUCT):
        if not path.endswith("/routes.py"):
            continue
        for node in _functions(text):
            if not node.decorator_list:
                continue
            doc = node.body[0] if ast.get_docstring(node) else None
            lines = _end(node) - node.lineno + 1 - (_end(doc) - doc.lineno + 1 if doc else 0)
            if lines > ROUTE_LINES:
                yield f"{path}:{node.lineno} {node.name}: {lines} lines, a route has at most {ROUTE_LINES}"


def shared_is_small(root: Path) -> Iterator[str]:
    lines = sum(_code_lines(text) for path, text in _sources(root, ("shared",)) if not _is_migration(path))
    if lines > SHARED_CODE_LINES:
        yield f"shared/: {lines} lines of code in all, the budget is {SHARED_CODE_LINES}"


def _code_lines(text: str) -> int:
    """Lines that hold code: docstrings, comments and blank lines apart."""
    tree = ast.parse(text)
    told = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.splitlines(), start=1)
    return sum(1 for n, line in lines if n not in told and line.strip() and not line.strip().startswith("#"))


def rooms_have_the_known_files(root: Path) -> Iterator[str]:
    for path, _ in _sources(root, ("gateway", "services")):
        parts = Path(path).parts[1:] if path.startswith("gateway/") else Path(path).parts[2:]
        if len(parts) == 0 or path == "services/__init__.py" or _has_own_name(path):
            continue
        file = parts[-1].removesuffix(".py")
        if len(parts) == 1 and file not in SERVICE_FILES:
            yield f"{path}: not one of the files at the top of a deployable ({', '.join(sorted(SERVICE_FILES))})"
        elif len(parts) == 2 and parts[0] not in SERVICE_FOLDERS and file not in ROOM_FILES:
            yield f"{path}: not one of the files of a room ({', '.join(sorted(ROOM_FILES))})"
        elif len(parts) > 2 and parts[0] not in SERVICE_FOLDERS and parts[1] != "rules":
            yield f"{path}: inside a room only rules/ may be a package"


def _has_own_name(path: str) -> bool:
    return path in OWN_NAMES or f"{Path(path).parent.as_posix()}/*" in OWN_NAMES


def names_say_what_a_thing_is(root: Path) -> Iterator[str]:
    for path, text in _sources(root, CODE):
        if Path(path).stem in NAMELESS_FILES and path not in NAMELESS_ALLOWED:
            yield f"{path}: a file is named after what it holds"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and NAMELESS_CLASS.search(node.name):
                yield f"{path}:{node.lineno} class {node.name}: a class is named after what it is"


def time_is_an_argument(root: Path) -> Iterator[str]:
    """No reading of the wall clock in the product, with or without a time zone, except in the clock itself."""
    for path, text in _sources(root, PRODUCT):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and path not in CLOCK_OWNERS:
                owner = ast.unparse(node.func.value).split(".")[-1]
                if (owner, node.func.attr) in CLOCK_CALLS:
                    yield f"{path}:{node.lineno} calls {owner}.{node.func.attr}(): time is an argument"


def banned_packages_stay_out(root: Path) -> Iterator[str]:
    for path, text in _sources(root, CODE):
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            if any(name == ban or name.startswith(ban + ".") for name in names for ban in BANNED_IMPORTS):
                yield f"{path}:{node.lineno} imports a banned package"


def money_is_never_a_float(root: Path) -> Iterator[str]:
    """A module is about money if it is `shared.money` or imports it: neither `float` nor a float literal there."""
    for path, text in _sources(root, ("gateway", "services", "shared")):
        tree = ast.parse(text)
        if path != "shared/money.py" and not any(_imports_money(node) for node in ast.walk(tree)):
            continue
        for node in ast.walk(tree):
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            if literal or (isinstance(node, ast.Name) and node.id == "float"):
                yield f"{path}:{node.lineno} uses a float where money is reckoned: Decimal"


def _imports_money(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "shared.money" or (
            node.module == "shared" and any(alias.name == "money" for alias in node.names)
        )
    return isinstance(node, ast.Import) and any(alias.name == "shared.money" for alias in node.names)


def texts_name_no_machine(root: Path) -> Iterator[str]:
    for path, text in tracked_texts(root):
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield f"{path}:{number} names a path of one machine"


def texts_name_no_registry(root: Path) -> Iterator[str]:
    for path, text in tracked_texts(root):
        for host in REGISTRY_HOSTS:
            if host in text:
                yield f"{path} names the registry {host}: what is installed must come from any mirror alike"


def texts_speak_of_the_project_alone(root: Path, foreign: frozenset[str] = FOREIGN_WORDS) -> Iterator[str]:
    for path, text in tracked_texts(root):
        for word in sorted(set(re.findall(r"[A-Za-z]{3,}", text))):
            if digest(word) in foreign:
                yield f"{path} uses the word {word!r}, which points outside of this project"


@cache
def digest(word: str) -> str:
    return hashlib.sha256(word.lower().encode()).hexdigest()[:16]


RULES: tuple[Callable[[Path], Iterator[str]], ...] = (
    files_are_short,
    functions_are_short,
    routes_are_thin,
    shared_is_small,
    rooms_have_the_known_files,
    names_say_what_a_thing_is,
    time_is_an_argument,
    banned_packages_stay_out,
    money_is_never_a_float,
    texts_name_no_machine,
    texts_name_no_registry,
    texts_speak_of_the_project_alone,
)


def tracked_texts(root: Path) -> Iterator[tuple[str, str]]:
    """Every text file that git knows or would take in (not what it ignores); of a planted tree, all."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    inside = (root / ".git").exists() and listed.returncode == 0
    names = listed.stdout.decode().split("\0") if inside else [p.relative_to(root).as_posix() for p in root.rglob("*")]
    for name in sorted(filter(None, names)):
        path = root / name
        if path.is_file() and (path.suffix in TEXT_SUFFIXES or path.suffix == ""):
            yield name, path.read_text(encoding="utf-8", errors="replace")


def _sources(root: Path, packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def _is_migration(path: str) -> bool:
    return "/migrations/versions/" in path or path == "shared/kernel_ddl.py"


def _functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
