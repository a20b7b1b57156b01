"""A claim under approval on the seed's limits: the people of one path, and the acts as the service would store them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from services.claims.approval import rules
from services.claims.approval.rules import Facts, Sheet, StepDone, StepTaken, Triggers
from services.claims.claim.rules import ClaimStatus
from shared.actor import Actor
from shared.authority import AuthorityTable, Unit, caller_limits

ROOT = Path(__file__).parents[2]


def content(path: str) -> dict:
    return tomllib.loads((ROOT / path).read_text("utf-8"))


SEED = content("gateway/authority/rule_sets/authority_tables.2026-1.toml")
TABLE = AuthorityTable.of(SEED["version"], SEED["effective_from"], SEED["content"]["entries"])
TRIGGERS = Triggers.of(content("services/claims/rule_sets/approval_triggers.2026-2.toml")["content"])

HEAD = Unit("00", "00", "head_office", name="总公司")
BRANCH = Unit("32", "00.32", "branch", name="江岚省分公司")
LOCAL = Unit("3200", "00.32.3200", "central_branch", "branch_local", "岚州本部")
CENTRAL = Unit("3201", "00.32.3201", "central_branch", name="云泽中心支公司")
SUB = Unit("320102", "00.32.3201.320102", "sub_branch", name="石桥支公司")
PATH = (SUB, CENTRAL, BRANCH, HEAD)
S = ClaimStatus


def person(name: str) -> UUID:
    return uuid5(UUID(int=1), name)


def approver(unit: Unit, name: str | None = None, position: str = "claims_approver", **members: Any) -> Actor:
    actor = Actor(
        person_id=person(name or f"{position} of {unit.code}"),
        staff_no="S0001",
        appointment_id=UUID(int=2),
        position=position,
        unit_code=unit.code,
        level=unit.level,
        unit_kind=unit.kind,
        scope=unit.path,
        permissions=frozenset({"claims.approval.decide"}),
        limits=caller_limits(TABLE, position, unit.level, unit.kind),
        request_id=UUID(int=3),
    )
    return replace(actor, **members)


@dataclass(frozen=True)
class Approve:
    kind: str
    amount: Decimal
    outcome: str = "approve"
    sheet_version: int | None = 1
    reason: str | None = "reviewed"
    reason_code: str | None = None
    clause_ids: tuple[str, ...] = ("PL-02",)


class Claim:
    """A claim under approval, with its acts as the service would store them."""

    def __init__(self, amount: str, line: str = "liability", own: str | None = None, **members: Any) -> None:
        self.facts = Facts(S.CALCULATED, line, Decimal(amount), members.pop("units", PATH), **members)
        self.sheet = Sheet(1, Decimal(own or amount))
        self.done: list[StepDone] = []

    def act(self, actor: Actor, kind: str, **stated: Any) -> StepTaken:
        command = Approve(**{"kind": kind, "amount": self.sheet.amount, "sheet_version": self.sheet.version, **stated})
        taken = rules.decide(actor, self.facts, self.sheet, self.done, TABLE, TRIGGERS, command)
        self.done.append(StepDone(taken.act, taken.sheet_version))
        if taken.next_status is not None:
            self.facts = replace(self.facts, status=taken.next_status)
        return taken

    def opinions(self, *units: Unit) -> None:
        for unit in units:
            self.act(approver(unit), "opinion")

    def new_sheet(self) -> None:
        self.sheet = replace(self.sheet, version=(self.sheet.version or 0) + 1)
        self.facts = replace(self.facts, status=S.CALCULATED)

    def refuse(self, unit: Unit, kind: str) -> StepTaken:
        actor = approver(unit)
        return self.act(actor, kind, outcome="refuse", reason_code="exclusion", reason="outside the address")

    def give_back(self, unit: Unit, kind: str = "opinion") -> StepTaken:
        return self.act(approver(unit), kind, outcome="return", reason_code="incomplete", reason="survey missing")
