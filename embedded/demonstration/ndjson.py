"""Newline-delimited JSON, the form in which policies are imported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def ndjson(lines: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """One UTF-8 line per body, each ending in a line feed; lazily, so that a large load need not fit in memory."""
    for line in lines:
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
