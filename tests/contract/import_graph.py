"""Who imports whom, read from the source text: nothing is executed, and a planted tree is read like the real one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("deploy", "embedded", "gateway", "services", "shared")


@dataclass(frozen=True)
class Import:
    """One import: `target` is the dotted module, ours or external; `typing_only`: it stands under TYPE_CHECKING."""

    target: str
    line: int
    typing_only: bool

    def reaches(self, *packages: str) -> bool:
        """Whether the target is one of `packages` or lies below one."""
        return any(self.target == one or self.target.startswith(one + ".") for one in packages)


@dataclass(frozen=True)
class Module:
    name: str
    imports: tuple[Import, ...]
    names: frozenset[str]
    """Every name and attribute that the module mentions, for rules about a single function such as `process_now`."""

    def within(self, *packages: str) -> bool:
        return any(self.name == one or self.name.startswith(one + ".") for one in packages)

    @property
    def deployable(self) -> str | None:
        """`gateway` or `services.claims`; None outside of both."""
        parts = self.name.split(".")
        if parts[0] == "gateway":
            return "gateway"
        return ".".join(parts[:2]) if parts[0] == "services" and len(parts) > 1 else None


def read_modules(root: Path = ROOT) -> dict[str, Module]:
    """All modules of the product below `root` by dotted name; migrations are left out, nobody imports them."""
    paths = {_dotted(root, path): path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))}
    paths = {name: path for name, path in paths.items() if ".migrations." not in name}
    return {name: _read(name, path, frozenset(paths)) for name, path in paths.items()}


def place_in(deployable: str, dotted: str) -> tuple[str, str] | None:
    """Room and file of a module, `("intake", "rules")`; None where it is not inside a room of `deployable`."""
    if not dotted.startswith(deployable + "."):
        return None
    inside = dotted[len(deployable) + 1 :].split(".")
    return (inside[0], inside[1]) if len(inside) > 1 else None


def _dotted(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(name: str, path: Path, known: frozenset[str]) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    typing_lines = _lines_under_type_checking(tree)
    imports = [
        Import(target, node.lineno, node.lineno in typing_lines)
        for node in ast.walk(tree)
        for target in _targets(node, known)
    ]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return Module(name, tuple(imports), frozenset(names))


def _targets(node: ast.AST, known: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield node.module if node.module in known and whole not in known else whole


def _lines_under_type_checking(tree: ast.Module) -> frozenset[int]:
    blocks = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and "TYPE_CHECKING" in ast.unparse(node.test)
        and "not" not in ast.unparse(node.test)
    ]
    return frozenset(
        line for block in blocks for statement in block.body for line in range(statement.lineno, _end(statement) + 1)
    )


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno
