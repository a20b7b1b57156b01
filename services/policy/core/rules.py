"""What the seam takes from the core as it is, what stays as it is here, and who has to look at a difference. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.policy.policy.rules import ItemKind
from shared.errors import Fault, Text, ValidationFailed

_STATUS_OF = {"cancel": "cancelled", "rescind": "rescinded"}

_MASTER_OF = {
    # The core does not know it, or knows it otherwise: it sends what is missing.
    ItemKind.PENDING_REFERENCE: "core",
    ItemKind.UNKNOWN_HERE: "core",
    ItemKind.VERSION_GAP: "core",
    ItemKind.INSURED_LIST: "core",
    ItemKind.INSURED_COUNT: "core",
    ItemKind.SAME_VERSION_OTHER_CONTENT: "core",
    ItemKind.NUMBER_OF_OTHER_MASTER: "core",
    # What is decided or kept here is explained here.
    ItemKind.OWNED_HERE: "anlan",
    ItemKind.CLAIMS_PAID: "anlan",
    ItemKind.MESSAGE_REFUSED: "anlan",
    ItemKind.MESSAGE_UNANSWERED: "core",
}


def change_faults(kind: str, status: str) -> list[Fault]:
    """What contradicts itself in a version: a cancellation that leaves the policy in force."""
    wanted = _STATUS_OF.get(kind)
    if wanted is None or status == wanted:
        return []
    words = Text("变更种类与保单状态不符。", "The kind of the change contradicts the status.")
    return [Fault("change_contradicts_status", words, pointer="#/status")]


def owner_of(kind: ItemKind, cause: str, made_here: bool) -> str:
    """Who has to look first: `core` or `anlan`. What no table names is the master's."""
    if kind is ItemKind.PENDING_REFERENCE and cause.startswith("product:"):
        return "anlan"  # products are published here
    if kind in _MASTER_OF:
        return _MASTER_OF[kind]
    return "anlan" if made_here else "core"


@dataclass(frozen=True)
class Acknowledged:
    """The exclusions as they are kept, and those about which the core says otherwise."""

    exclusions: list[dict[str, Any]]
    conflicts: list[str]


def own_acknowledgements(
    theirs: Sequence[Mapping[str, Any]], ours: Mapping[tuple[str, str], datetime | None] | None
) -> Acknowledged:
    """Exclusions of a version, with the acknowledgements that were taken here.

    `ours`: (clause, text version) → instant, of the application that was made here; None where there was none: then the
    core's word stands. A clause of which nothing was acknowledged here stays so, whatever the core says.
    """
    if ours is None:
        return Acknowledged([dict(one) for one in theirs], [])
    kept: list[dict[str, Any]] = []
    conflicts: list[str] = []
    for one in theirs:
        mine = ours.get((one["clause_id"], one["text_version"]))
        told = one.get("acknowledged_at")
        told = datetime.fromisoformat(told) if isinstance(told, str) else told
        if told is not None and told != mine:
            conflicts.append(one["clause_id"])
        kept.append({**one, "acknowledged_at": None if mine is None else mine.isoformat()})
    return Acknowledged(kept, conflicts)


def different_members(stored: Mapping[str, Any], sent: Mapping[str, Any]) -> list[str]:
    """Names of the members in which a repeated version differs from the one stored; no values: they may be personal.

    Where none of them does, the difference lies in the insured persons or in a member that is kept with the policy.
    """
    found = sorted(name for name, value in stored.items() if sent.get(name) != value)
    return found or ["insured_persons"]


def check_batch(batch_id: str | None, part: int | None, of: int | None) -> None:
    """Refuse (422) a part of a load that does not say which part of how many of what it is."""
    given = [one is not None for one in (batch_id, part, of)]
    if any(given) and not all(given):
        words = Text("分批发送须同时给出 batch_id、part 和 of。", "A part of a load states batch_id, part and of.")
        raise ValidationFailed(Fault("batch_incomplete", words, parameter="batch_id"))
    if part is not None and of is not None and part > of:
        words = Text("part 大于 of。", "There is no such part.")
        raise ValidationFailed(Fault("part_beyond_last", words, parameter="part"))
