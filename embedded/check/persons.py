"""Who may act: pairs of positions that exclude each other, and acts on another's behalf inside what was delegated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from embedded.check.invariants import Found, Invariant
from embedded.check.stores import Stores
from embedded.check.subscriptions import forbidden_pairs

_HELD_TOGETHER = """
    select one.staff_no, a.position as first, b.position as second
    from appointments a join appointments b on b.person_id = a.person_id and a.position < b.position
        and a.from_on < coalesce(b.to_on, 'infinity') and b.from_on < coalesce(a.to_on, 'infinity')
        and a.from_on < coalesce(a.to_on, 'infinity') and b.from_on < coalesce(b.to_on, 'infinity')
    join people one on one.id = a.person_id"""

_ACTS = """
    select claim_id, person_id, on_behalf_of, delegation_id, amount, kind, outcome, created_at from approval_steps"""

_GRANTS = """
    select id, from_person_id, to_person_id, limit_amount, from_on, to_on, revoked_at from delegations"""

_AFTER_ITS_END = timedelta(seconds=5)
"""How long a statement of who acts may outlive the authority that it rests on."""


async def _excluding_pairs(stores: Stores) -> Found:
    found = Found(await stores.value("gateway", "select count(*) from appointments"))
    for row in await stores.rows("gateway", _HELD_TOGETHER):
        if frozenset((row["first"], row["second"])) in forbidden_pairs():
            found.differences.append(f"{row['staff_no']} is {row['first']} and {row['second']} at once")
    return found


async def _acts_of_delegates(stores: Stores) -> Found:
    grants = {row["id"]: row for row in await stores.rows("gateway", _GRANTS)}
    found = Found()
    for act in await stores.rows("claims", _ACTS):
        found.rows += 1
        fault = _fault(act, grants.get(act["delegation_id"]))
        if fault is not None:
            found.differences.append(f"claim {act['claim_id']}, {act['kind']} on another's behalf: {fault}")
    return found


def _fault(act: Any, grant: Any) -> str | None:
    """Why the act does not rest on its delegation; None where it does, or where nobody else is meant."""
    if act["on_behalf_of"] is None and act["delegation_id"] is None:
        return None
    if grant is None or (grant["from_person_id"], grant["to_person_id"]) != (act["on_behalf_of"], act["person_id"]):
        return "nobody delegated it to this person"
    on = (act["created_at"] + timedelta(hours=8)).date()
    last = act["created_at"] - _AFTER_ITS_END
    if not grant["from_on"] <= on < grant["to_on"] or (grant["revoked_at"] is not None and grant["revoked_at"] < last):
        return "the delegation did not hold then"
    beyond = grant["limit_amount"] is not None and act["amount"] > grant["limit_amount"]
    return "more than was delegated" if beyond and (act["kind"], act["outcome"]) == ("decision", "approve") else None


INVARIANTS = (
    Invariant("I14", "whoever acts for another does so within what was delegated to him", (_acts_of_delegates,)),
    Invariant("I15", "nobody holds two positions at once that exclude each other", (_excluding_pairs,)),
)
