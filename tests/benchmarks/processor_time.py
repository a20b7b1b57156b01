"""Processor time of processes, from /proc: what was really computed, whatever else the machine did meanwhile."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def own_ns(pid: int) -> int:
    """Nanoseconds that the process has computed, over all its threads; 0 where it has ended."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((one / "schedstat").read_text(encoding="ascii").split()[0]) for one in threads)
    except OSError:
        fields = _stat(pid)
        return (int(fields[11]) + int(fields[12])) * _TICK_NS if fields else 0


def server_ns(pid: int) -> int:
    """The same of a server with its children, also of those that have ended: PostgreSQL's backends and writers."""
    fields = _stat(pid)
    ended = (int(fields[13]) + int(fields[14])) * _TICK_NS if fields else 0
    return ended + own_ns(pid) + sum(own_ns(child) for child in _children(pid))


def _stat(pid: int) -> list[str]:
    """The fields from the third on; the second, a name in parentheses, may hold anything."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    return line.rpartition(")")[2].split()


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        every = (int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit())
        return [one for one in every if (fields := _stat(one)) and int(fields[1]) == pid]


class Meter:
    """The processor time of named processes between two moments, in milliseconds.

    `postgres`: process id of the server, counted with its children under that name.
    """

    def __init__(self, processes: Mapping[str, int], postgres: int) -> None:
        self._processes = dict(processes)
        self._postgres = postgres
        self._before = self._now()

    def spent(self) -> dict[str, float]:
        """By name, since the meter was made."""
        return {name: (ns - self._before[name]) / 1e6 for name, ns in self._now().items()}

    def _now(self) -> dict[str, int]:
        found = {name: own_ns(pid) for name, pid in self._processes.items()}
        return found | {"postgres": server_ns(self._postgres)}
