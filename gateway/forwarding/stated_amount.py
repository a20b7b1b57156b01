"""The amount that a body states, read only to compare it with what the caller may decide.

Whatever is not readable is left to the service, which reads the whole body and knows the record's line: there the
refusal is exact. At the door the caller's widest limit of the kind counts, over all lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gateway.forwarding.table import StatedAmount
from shared.actor import Actor
from shared.approval_chain import holders
from shared.authority import AuthorityTable, Unit, highest_limit
from shared.errors import AuthorityExceeded
from shared.money import ZERO, yuan

MAX_BYTES = 64 * 1024
DECIDING = frozenset({"decision", "cosignature"})

_MONEY = re.compile(r"[0-9]{1,16}\.[0-9]{2}")
_ABSENT = object()


def amount_decided(body: bytes, stated: StatedAmount) -> Decimal | None:
    """The amount in yuan that the request decides or co-signs; None for an opinion, and for what cannot be read."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if stated.step is not None and _at(document, stated.step) not in DECIDING:
        return None
    amount = _at(document, stated.pointer)
    return Decimal(amount) if isinstance(amount, str) and _MONEY.fullmatch(amount) else None


def _at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer in fragment form, `#/claim/amount`."""
    found = document
    for step in pointer.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name, _ABSENT)
        elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found if isinstance(found, str) else None


def exceeds(actor: Actor, kind: str, amount: Decimal) -> bool:
    """Whether `amount` lies above everything of this kind that the caller may decide."""
    return not highest_limit(actor.limits, kind).covers(amount)


def refusal(
    actor: Actor, kind: str, amount: Decimal, table: AuthorityTable | None, units: Sequence[Unit]
) -> AuthorityExceeded:
    """The refusal with the caller's limit and who could decide, counted from the caller's unit upward."""
    limit = highest_limit(actor.limits, kind).amount or ZERO
    try:
        could = [] if table is None else holders(table, kind, None, amount, units)
    except LookupError:
        could = []
    return AuthorityExceeded(limit=yuan(limit), amount=yuan(amount), could_decide=could)
