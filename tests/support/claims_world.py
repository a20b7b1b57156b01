"""Policies and claims in whatever state a test of decisions begins with, and the people who decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from services.claims.claim.tables import Claim, ClaimDuty, InjuredPerson
from services.claims.cover.tables import CoverVersion, InsuredEntry
from shared.actor import Actor, machine
from shared.authority import AuthorityTable, caller_limits
from shared.clock import process_now
from shared.masking import keyed_digest
from tests.support.rule_sets import ROOT, read
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

DIGEST_KEY = b"d" * 32
SUB, CENTRAL, BRANCH, HEAD = "00.32.3201.320102", "00.32.3201", "00.32", "00"
LOCAL = "00.32.3200"
ACKNOWLEDGED = [{"clause_id": "EX-03", "text_version": "2026-01", "acknowledged_at": "2026-01-12T10:00:00+08:00"}]


@cache
def seeded_table() -> AuthorityTable:
    """The authority table as it is delivered."""
    seed = read(ROOT / "gateway/authority/rule_sets/authority_tables.2026-1.toml")
    return AuthorityTable.of(seed["version"], seed["effective_from"], seed["content"]["entries"])


def approver(path: str, name: str | None = None, position: str = "claims_approver", **changes: Any) -> Actor:
    """Somebody who approves at the unit at `path`, with the limits of the seeded table."""
    kind = "branch_local" if path == LOCAL else "standard"
    who = actor(position, path, kind=kind, name=name)
    limits = caller_limits(seeded_table(), position, who.level, kind)
    given = [(one.kind, one.line, None if one.amount is None else str(one.amount)) for one in limits]
    return actor(position, path, kind=kind, name=name, limits=given, **changes)


def adjuster(path: str = SUB, name: str | None = None) -> Actor:
    return actor("adjuster", path, name=name)


@dataclass
class ClaimsWorld:
    """Builds records as earlier events and use cases would have left them, and takes the next steps through HTTP."""

    service: ServiceUnderTest
    made: int = 0
    """How many claims were made: another builder over the same database goes on from there."""
    loss_at: datetime = field(default_factory=lambda: process_now() - timedelta(days=20))

    async def policy(
        self,
        cover: Mapping[str, Any],
        *,
        line: str = "liability",
        exclusions: Sequence[Mapping[str, Any]] = ACKNOWLEDGED,
        unit_code: str = "320102",
        number: int = 1,
        policy_id: UUID | None = None,
        **changes: Any,
    ) -> UUID:
        """One version of a policy, in force at `loss_at`."""
        own = policy_id or uuid4()
        begun = self.loss_at - timedelta(days=100)
        row: dict[str, Any] = {
            "policy_id": own,
            "policy_version": number,
            "policy_no": f"P-{str(own)[:8]}",
            "unit_code": unit_code,
            "customer_id": uuid4(),
            "product": "test",
            "line": line,
            "status": "in_force",
            "made_at": begun,
            "effective_at": begun,
            "starts_at": begun,
            "ends_at": begun + timedelta(days=365),
            "ended_at": None,
            "cover": dict(cover),
            "exclusions": list(exclusions),
            "seller_id": person("seller"),
            "underwriter_id": person("underwriter"),
            "reinsured": False,
            "insured_count": 10,
            "business": "group",
        }
        async with self.service.db.transaction(machine("claims")) as tx:
            tx.add(CoverVersion(**(row | changes)))
        return own

    async def insured(self, policy_id: UUID, *refs: str, **changes: Any) -> None:
        """The complete insured list of version 1."""
        row: dict[str, Any] = {
            "policy_id": policy_id,
            "policy_version": 1,
            "part": 1,
            "parts": 1,
            "id_digest": None,
            "covered_from": (self.loss_at - timedelta(days=100)).date(),
            "covered_to": (self.loss_at + timedelta(days=200)).date(),
            "occupation_class": None,
            "sum_insured": None,
        }
        async with self.service.db.transaction(machine("claims")) as tx:
            for ref in refs:
                tx.add(InsuredEntry(**(row | {"insured_ref": ref} | changes)))

    def _reported(self, own: UUID, path: str) -> dict[str, Any]:
        self.made += 1
        now = process_now()
        return {
            "id": own, "version": 1, "org_path": path, "unit_code": path.split(".")[-1],
            "claim_no": f"C-{self.made:06d}", "channel": "phone", "policy_no": None, "policy_match": "matched",
            "policy_version": 1, "accident_id": own, "loss_at": self.loss_at, "notified_at": now, "reported_at": now,
            "reporter": {"name": "欧阳岚", "phone": "13800001234", "relation": "insured"},
            "injured_count": 1, "death_count": 0, "flags": [],
        }  # fmt: skip

    async def claim(
        self,
        policy_id: UUID | None,
        *,
        path: str = SUB,
        status: str = "documents_complete",
        line: str | None = "liability",
        duties: Mapping[str, str] | None = None,
        injured: Sequence[Mapping[str, Any]] = (),
        **changes: Any,
    ) -> UUID:
        """A claim in `status`, with a reporter and whoever else `duties` names by duty."""
        own = uuid4()
        row = {**self._reported(own, path), "policy_id": policy_id, "status": status, "line": line}
        held = {"reporter": "reporter", "surveyor": "surveyor"} | dict(duties or {})
        async with self.service.db.transaction(machine("claims")) as tx:
            tx.add(Claim(**(row | changes)))
            await tx.flush()
            for duty, name in held.items():
                tx.add(ClaimDuty(claim_id=own, org_path=path, duty=duty, person_id=person(name)))
            for at, one in enumerate(injured):
                digest = keyed_digest(DIGEST_KEY, one["id_no"]) if one.get("id_no") else None
                tx.add(InjuredPerson(claim_id=own, org_path=path, position=at, digest=digest, **one))
        return own

    async def row(self, claim_id: UUID) -> Claim:
        """The claim as it is stored."""
        async with self.service.db.transaction(machine("claims")) as tx:
            return await tx.scalar(select(Claim).where(Claim.id == claim_id))

    async def assess(self, claim_id: UUID, facts: Mapping[str, Any], who: Actor | None = None) -> httpx.Response:
        version = (await self.row(claim_id)).version
        path = f"/v1/claims/{claim_id}/losses"
        return await self.service.call(who or adjuster(), "PUT", path, dict(facts), version=version)

    async def calculate(self, claim_id: UUID, who: Actor | None = None, **body: Any) -> httpx.Response:
        version = (await self.row(claim_id)).version
        path = f"/v1/claims/{claim_id}/calculation-sheets"
        return await self.service.post(who or adjuster(), path, body, version=version)

    async def calculated(
        self, policy_id: UUID, facts: Mapping[str, Any], who: Actor | None = None, **changes: Any
    ) -> UUID:
        """A claim assessed and calculated through HTTP."""
        claim_id = await self.claim(policy_id, **changes)
        for answer in (await self.assess(claim_id, facts, who), await self.calculate(claim_id, who)):
            assert answer.is_success, answer.text
        return claim_id

    async def approve(
        self,
        who: Actor,
        claim_id: UUID,
        kind: str,
        outcome: str = "approve",
        *,
        version: int | None = None,
        dry_run: bool = False,
        **stated: Any,
    ) -> httpx.Response:
        """One step; whatever `stated` leaves open is what the claim's sheet says."""
        row = await self.row(claim_id)
        body = {
            "kind": kind,
            "outcome": outcome,
            "amount": f"{row.gross_amount or Decimal(0):.2f}",
            "sheet_version": row.sheet_version or 1,
            "clause_ids": ["PL-02"],
        }
        if outcome != "approve":
            body |= {"reason_code": "not_covered", "reason": "不属于保险责任"}
        path = f"/v1/claims/{claim_id}/approvals" + ("?dry_run=true" if dry_run else "")
        return await self.service.post(who, path, body | stated, version=version or row.version)

    async def opinions(self, claim_id: UUID, *paths: str) -> None:
        for path in paths:
            answer = await self.approve(approver(path), claim_id, "opinion")
            assert answer.status_code == 201, answer.text
