"""Policies that a person, a phone, an identity number, a plate or a project point to. None is ever taken silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from services.claims.claim.rules import sees
from services.claims.claim.tables import Claim, InjuredPerson
from services.claims.cover.queries import as_version
from services.claims.cover.tables import CoverVersion, InsuredEntry
from services.claims.duplicates.queries import in_every_unit
from services.claims.matching import rules as matching
from services.claims.policy_search.schemas import PolicyCandidate
from shared import directory
from shared.database import Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.masking import keyed_digest, normalised

LIMIT = 20
"""So many policies at most: more of them are no help to somebody on the telephone."""

Keys = Mapping[str, Sequence[str]]
"""What is known, by the name of the key; identity numbers as their digests."""


def keys_of(told: Mapping[str, Iterable[str | None]], digest_key: bytes) -> dict[str, list[str]]:
    """The keys that were given, identity numbers turned into digests, phones also as they are normalised."""
    found = {name: [one for one in values if one] for name, values in told.items()}
    found["id_no"] = [keyed_digest(digest_key, one) for one in found.get("id_no", ())]
    found["phone"] = list({two for one in found.get("phone", ()) for two in (one, normalised(one))})
    return {name: values for name, values in found.items() if values}


def require_key(keys: Keys) -> None:
    """Refuse (422) a search for nothing."""
    if not keys:
        text = Text("请至少给出一个查找条件。", "Give at least one thing to look for.")
        raise ValidationFailed(Fault("search_key_required", text, pointer="#"))


def _claims_by(name: str, values: Sequence[str]) -> Any:
    """Earlier claims which name this person, phone, number, plate or project."""
    hurt = InjuredPerson
    if name in ("insured_name", "id_no"):
        column = hurt.name if name == "insured_name" else hurt.digest
        return exists().where(hurt.claim_id == Claim.id, column.in_(values))
    if name == "phone":
        return Claim.reporter["phone"].astext.in_(values)
    return (Claim.plate_no if name == "plate_no" else Claim.project).in_(values)


async def found_by(tx: Transaction, keys: Keys) -> dict[UUID, list[str]]:
    """Policies by the keys that point to them: the insured lists, and the claims of every unit so far."""
    found: dict[UUID, list[str]] = {}

    def keep(name: str, policies: Iterable[UUID]) -> None:
        for policy_id in policies:
            if name not in found.setdefault(policy_id, []):
                found[policy_id].append(name)

    if "id_no" in keys:
        listed = select(InsuredEntry.policy_id).where(InsuredEntry.id_digest.in_(keys["id_no"])).distinct()
        keep("id_no", await tx.scalars(listed.limit(LIMIT)))
    async with in_every_unit(tx):
        for name, values in keys.items():
            known = select(Claim.policy_id).where(_claims_by(name, values), Claim.policy_id.is_not(None)).distinct()
            keep(name, await tx.scalars(known.limit(LIMIT)))
    return found


async def candidates(tx: Transaction, keys: Keys, loss_at: datetime) -> list[PolicyCandidate]:
    """The policies, those in force at the loss first, then by how many keys point to them."""
    found = await found_by(tx, keys)
    versions: dict[UUID, list[CoverVersion]] = {}
    of_these = select(CoverVersion).where(CoverVersion.policy_id.in_(found)).order_by(CoverVersion.policy_version)
    for row in await tx.scalars(of_these) if found else ():
        versions.setdefault(row.policy_id, []).append(row)
    shown = [await _shown(tx, rows, found[policy_id], loss_at) for policy_id, rows in versions.items()]
    told = [one for one in shown if one is not None]
    order = sorted(told, key=lambda pair: (pair[0] != "matched", -len(pair[1].matched_by), pair[1].policy_no))
    return [one for _, one in order][:LIMIT]


async def _shown(
    tx: Transaction, rows: Sequence[CoverVersion], by: list[str], loss_at: datetime
) -> tuple[str, PolicyCandidate] | None:
    """One candidate with how it matches. A name, a phone, a plate or a project tells nothing of another unit's policy:
    who knows an identity number asks about a person, who knows a name may only be browsing."""
    match = matching.match([as_version(row) for row in rows], loss_at, tx.now)
    row = next((one for one in rows if one.policy_version == match.policy_version), rows[-1])
    little = PolicyCandidate(policy_no=row.policy_no, matched_by=by)
    unit = await directory.unit_by_code(tx, row.unit_code)
    if unit is None or not sees(tx.actor, unit.path):
        return (str(match.policy_match), little) if "id_no" in by else None
    more = {
        "policy_id": row.policy_id, "policy_match": str(match.policy_match), "policy_version": match.policy_version,
        "product": row.product, "line": row.line, "unit_code": row.unit_code,
    }  # fmt: skip
    return str(match.policy_match), little.model_copy(update=more)
