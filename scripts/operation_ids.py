"""Operation ids are names in other people's programs: once written down, each stays with its method and path.

`docs/openapi/operation_ids.json` is the memory. A new operation is added to it by itself; one that lost its id or got
another stops the writing. Whoever takes an operation away on purpose deletes its line by hand and says so in the
change log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.operation_examples import operations


class OperationIdChanged(ValueError):
    """An id that was promised stands for something else now, or for nothing."""


def operation_ids(document: Mapping[str, Any]) -> dict[str, str]:
    """`POST /v1/claims` by `claims_report_claim`, of the merged document."""
    return {one["operationId"]: f"{method.upper()} {path}" for path, method, one in operations(document)}


def promised(file: Path) -> dict[str, str]:
    """What is written down; nothing before the first time."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def refuse_changed(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raises `OperationIdChanged` with each id that is not what it was."""
    changed = [f"{one}: {place}, now {now.get(one, 'gone')}" for one, place in before.items() if now.get(one) != place]
    if changed:
        raise OperationIdChanged("; ".join(sorted(changed)))
