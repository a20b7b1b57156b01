"""One record of each kind that stands below a claim: decisions beside its life, letters, an export, a destruction."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.claims.adjustment.tables import PayeePlan
from services.claims.file_export.handlers import FILE_EXPORT, carry_out
from services.claims.retention.tables import FileDestruction
from services.claims.second_look.tables import QualityCheck
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.job_runner import Runner
from tests.support.services import ServiceUnderTest
from tests.support.side_world import SideWorld
from tests.support.tokens import actor, person

SIDES: dict[str, dict[str, Any]] = {
    "advances": {"amount": "1000.00", "reason": "急需医疗费"},
    "litigation": {
        "kind": "court", "court": "岚州市人民法院", "case_no": "1", "claimed_amount": "9000.00", "reason": "受害人起诉",
    },
    "recoveries": {
        "against": {"kind": "organisation", "name": "石桥运输"}, "basis": "保险法第60条", "amount": "5000.00",
        "reason": "第三者全责",
    },
    "ex-gratia": {"amount": "10.00", "reason": "客户困难"},
    "reopenings": {"reason_code": "new_facts", "reason": "新的票据"},
}  # fmt: skip
"""What is asked for beside a claim → a body that asks for it; a lawsuit lacks the day it was filed on."""
PATHS = {
    "advances": ("", "/approval", "/approvals"), "ex-gratia": ("", "/approval", "/approvals"),
    "litigation": ("", "/approval", "/approvals", "/results"),
    "recoveries": ("", "/approval", "/approvals", "/receipts"), "reopenings": ("", "/approval", "/approvals"),
}  # fmt: skip
Ids = dict[str, dict[str, str]]
"""Path of an operation → beginning of a path up to and with `{}` → id there."""


async def beside(world: SideWorld, path: str, bound: str) -> Ids:
    """A record of each kind at the unit at `path`: on the claim whose file is `bound`, on one that is under assessment,
    and on one that was decided."""
    open_one = str(await world.before_decision(path=path))
    decided = str(await world.decided(path=path))
    on = {"advances": open_one, "litigation": open_one, "recoveries": open_one, "ex-gratia": decided}
    found: Ids = {}
    for what, body in SIDES.items():
        claim_id = on.get(what, bound)
        told = body | ({"filed_on": legal_day(process_now()).isoformat()} if what == "litigation" else {})
        side_id = await world.asked(UUID(claim_id), what, told, actor("adjuster", path))
        for ending in PATHS[what]:
            at = f"/v1/claims/{{claim_id}}/{what}/{{side_id}}{ending}"
            found[at] = {"/v1/claims/{}": claim_id, f"/v1/claims/{{}}/{what}/{{}}": side_id}
    return found | await _of_the_file(world.service, path, bound)


async def _of_the_file(service: ServiceUnderTest, path: str, bound: str) -> Ids:
    below = "/v1/claims/{claim_id}/file"
    export = {"/v1/claims/{}": bound, "/v1/claims/{}/file/exports/{}": await _exported(service, bound)}
    destruction = {"/v1/claims/{}": bound, "/v1/claims/{}/file/destructions/{}": await _put_up(service, path, bound)}
    return {
        **{f"{below}/exports/{{export_id}}{one}": export for one in ("", "/content")},
        **{f"{below}/destructions/{{destruction_id}}{one}": destruction for one in ("", "/decisions")},
        **{f"{below}/{one}": {"/v1/claims/{}": bound} for one in ("exports", "destructions")},
    }


async def _exported(service: ServiceUnderTest, bound: str) -> str:
    head = actor("department_head", "00.32")
    started = await service.post(head, f"/v1/claims/{bound}/file/exports", {"purpose": "司法机关调取"})
    assert started.status_code == 202, started.text
    made = carry_out(service.app.state.settings.attachments_dir)
    assert await Runner(service.db, {FILE_EXPORT: made}).run_once() == 1
    results = await service.get(head, f"/v1/jobs/claims/{started.json()['id']}/results")
    [line] = [one for one in results.text.splitlines() if one]
    return line.partition("/file/exports/")[2][:36]


async def _put_up(service: ServiceUnderTest, path: str, bound: str) -> str:
    """A request to destroy the file, as it will be made once its years are over."""
    row = FileDestruction(
        id=uuid4(), org_path=path, created_at=process_now(), claim_id=UUID(bound), volume_no="2026-320102-PA-000001",
        keep_until=date(2026, 1, 1), reason="保管期满", requested_by=person("archivist"), status="requested",
        decided_by=None, decided_at=None, decision_reason=None, papers=[], kept=[], files_gone_at=None,
    )  # fmt: skip
    async with service.db.transaction(machine("claims")) as tx:
        tx.add(row)
    return str(row.id)


async def letter_of(service: ServiceUnderTest, path: str, claim_id: str) -> str:
    """The guide, issued as a letter by the claim's own unit."""
    answer = await service.post(actor("adjuster", path), f"/v1/claims/{claim_id}/letters", {"kind": "guide"})
    assert answer.status_code == 201, answer.text
    return answer.json()["letter_id"]


async def looked_at(service: ServiceUnderTest, path: str, claim_id: str) -> str:
    """A second look at the unit, and payees on a claim, as the decision of a unit below would have left them."""
    now = process_now()
    told = [{"claim_id": claim_id, "claim_no": "C-1", "amount": "3268.00"}]
    row = QualityCheck(
        id=uuid4(), version=1, org_path=path, created_at=now, updated_at=now, kind="sample", status="open",
        unit_code=path.split(".")[-1], subject="lot", claim_count=1, total_amount=Decimal("3268.00"), claims=told,
        counted_to=now, rule_version="2026-1", due_at=now,
    )  # fmt: skip
    payees = [{"kind": "insured_person", "name": "欧阳岚", "entitled": True}]
    async with service.db.transaction(machine("claims")) as tx:
        tx.add(row)
        tx.add(
            PayeePlan(
                claim_id=UUID(claim_id), org_path=path, number=1, payees=payees, digest="d", voids_decision=False,
                person_id=row.id,
            )
        )  # fmt: skip
    return str(row.id)
