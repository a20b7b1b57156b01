"""The page's section on due visits."""

from __future__ import annotations

from tests.benchmarks.due_figures import DueFigures


def due(found: DueFigures) -> str:
    """How many were told, how fast, and whether each was told exactly once."""
    exact = "met" if found.exact else f"**missed**: {found.last}"
    rows = (
        ("visits planned", f"{found.planned:,}", ""),
        ("due ones told", f"{found.last.events:,}", f"each of {found.due:,} exactly once: {exact}"),
        ("told when one of the two processes was killed", f"{found.told_at_death:,}", ""),
        ("time from the start of both to the end of the one left", f"{found.seconds:.1f} s", ""),
        ("due visits a second, each a transaction of its own", f"{found.per_second:.0f}", ""),
    )
    lines = ["| due visits of loss prevention | | bar |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {value} | {bar} |" for name, value, bar in rows)])
