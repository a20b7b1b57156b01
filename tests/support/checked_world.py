"""All six databases in one process, and what happened in them: the product's own use cases made it, event by event.

The gateway is seeded, the core system brings customers and policies, one claim goes from its report to the bound file,
a complaint to its answer. Every event is taken by the inboxes of the services that listen to it.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from sqlalchemy import select, update

from embedded.check.stores import DEPLOYABLES, SERVICES
from embedded.check.subscriptions import consumers_of
from embedded.demonstration.customers import customers
from embedded.demonstration.people import staff_by
from embedded.demonstration.story import story_policies
from services.risk.due.handlers import DUE
from shared.actor import Actor, machine
from shared.authority import caller_limits
from shared.clock import legal_day, process_now, rfc3339
from shared.database import Database
from shared.events import encode
from shared.ids import customer_id
from shared.inbox import Arrival, Inbox, Outcome
from shared.outbox import outbox
from shared.rule_sets import load
from shared.ticks import run_once
from tests.support import gateway
from tests.support.claims_world import seeded_table
from tests.support.engines import Clones
from tests.support.sample_files import pdf
from tests.support.services import AUTHORITY, ServiceUnderTest, settings_of
from tests.support.tokens import ROOT, actor, token

BRANCH, CENTRAL = "00.32", "00.32.3202"
SUB = "00.32.3202.320205"
POLICY = "PPA2026-32-000002"
"""The story's small accident policy; its unit is the sub-branch at `SUB`."""
FACTS = {
    "claimants": [
        {
            "ref": "P-1",
            "kind": "insured_person",
            "name": "司徒海",
            "losses": [{"kind": "medical", "amount": "4285.00"}],
        }
    ]
}
PAPERS = ("claim_request", "claimant_identity", "payee_account", "accident_proof", "medical_record", "medical_invoices")


def now() -> str:
    return rfc3339(process_now())


@dataclass
class CheckedWorld:
    """The services by name, the gateway's database, and the folder of all files."""

    clones: Clones
    folder: Path
    gateway: Database
    services: Mapping[str, ServiceUnderTest]
    ids: dict[str, str]

    def database(self, name: str) -> Database:
        return self.gateway if name == "gateway" else self.services[name].db

    async def deliver(self) -> None:
        """Every event that was not sent yet: taken by each service that listens, until none is left."""
        inboxes = {
            name: Inbox(self.services[name].db, importlib.import_module(f"services.{name}.consumers").CONSUMERS)
            for name in SERVICES
        }
        unsent = select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.id)
        left = True
        while left:
            left = False
            for name in DEPLOYABLES:
                async with self.database(name).transaction(machine(name)) as tx:
                    rows = (await tx.execute(unsent)).all()
                for row in rows:
                    left = True
                    for service in sorted(consumers_of(row.subject)):
                        taken = await inboxes[service].take(Arrival.of(row.subject, encode(row.event)))
                        assert taken.outcome is Outcome.APPLIED, (service, row.subject, taken)
                async with self.database(name).transaction(machine(name)) as tx:
                    ids = [row.id for row in rows]
                    await tx.execute(update(outbox).where(outbox.c.id.in_(ids)).values(sent_at=tx.now))

    async def who(self, position: str, path: str, n: int = 0) -> Actor:
        """The holder of the position as the gateway knows him, with the limits of the seeded table."""
        unit = path.rpartition(".")[2]
        login = staff_by(position, unit)[n]["login"]
        query = """select people.id, staff_no, held.id as appointment from people
            join accounts on accounts.person_id = people.id join appointments held on held.person_id = people.id
            where accounts.login = $1"""
        connection = await asyncpg.connect(self.clones.superuser_dsn("gateway"))
        try:
            row = await connection.fetchrow(query, login)
        finally:
            await connection.close()
        assert row is not None, login
        at = actor(position, path)
        limits = caller_limits(seeded_table(), position, at.level, "standard")
        given = [(one.kind, one.line, None if one.amount is None else str(one.amount)) for one in limits]
        same = {"person_id": row["id"], "staff_no": row["staff_no"], "appointment_id": row["appointment"]}
        return actor(position, path, limits=given, **same)

    async def done(self, service: str, who: Actor, method: str, path: str, body: Any, **options: Any) -> dict[str, Any]:
        answer = await self.services[service].call(who, method, path, body, **options)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def step(self, service: str, who: Actor, record: str, below: str, body: Any, method: str = "POST") -> Any:
        """One act on a record at the version that it has now."""
        seen = await self.services[service].get(who, record)
        assert seen.status_code == 200, seen.text
        return await self.done(service, who, method, f"{record}/{below}", body, version=seen.json()["version"])


@asynccontextmanager
async def checked_world(clones: Clones, folder: Path) -> AsyncIterator[CheckedWorld]:
    """The whole world, made anew; the databases are emptied before and after."""
    for name in DEPLOYABLES:
        clones.name(name)
    await clones.reset()
    for name in SERVICES:
        (folder / name).mkdir()
    async with AsyncExitStack() as held:
        held.push_async_callback(clones.reset)
        own = Database("gateway", clones.application_url("gateway"))
        held.push_async_callback(own.close)
        services = {name: await held.enter_async_context(_running(name, clones, folder / name)) for name in SERVICES}
        world = CheckedWorld(clones, folder, own, services, {})
        await gateway.fill(own)
        await world.deliver()
        for act in (_core, _claims, _complaint, _prevention):
            await act(world)
            await world.deliver()
        yield world


@asynccontextmanager
async def _running(name: str, clones: Clones, folder: Path) -> AsyncIterator[ServiceUnderTest]:
    app = importlib.import_module(f"services.{name}.app").create_app(
        settings_of(name, clones.application_url(name), folder)
    )
    async with app.state.db.transaction(machine(name)) as tx:
        await load(tx, AUTHORITY)
        await load(tx, ROOT / f"services/{name}/rule_sets")
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield ServiceUnderTest(name, app, client, app.state.db)


async def _core(world: CheckedWorld) -> None:
    """Customers and policies of the story."""
    core = actor("core_system", "00")
    for one in customers(6):
        body = {name: value for name, value in one.items() if name != "core_no"}
        await world.done("crm", core, "PUT", f"/v1/core/customers/{one['core_no']}", body)
    head = await world.who("department_head", BRANCH)
    listed = (await world.services["crm"].get(head, "/v1/customers")).json()["items"]
    kept, merged = (str(customer_id(one["core_no"])) for one in customers(6)[::5])
    assert {kept, merged} <= {one["id"] for one in listed}
    world.ids["merged"] = merged
    version = next(one["version"] for one in listed if one["id"] == kept)
    body = {"merged_id": merged, "reason": "entered twice"}
    await world.done("crm", head, "POST", f"/v1/customers/{kept}/merges", body, version=version)
    for one in story_policies(legal_day(process_now())):
        body = {name: value for name, value in one.items() if name != "policy_no"}
        await world.done("policy", core, "PUT", f"/v1/core/policies/{one['policy_no']}", body)


async def _claims(world: CheckedWorld) -> None:
    """A claim from its report to the bound file, another with a file, and one that names no known policy."""
    agent, adjuster = await world.who("service_agent", SUB), await world.who("adjuster", SUB)
    for name, policy_no in (("settled", POLICY), ("open", POLICY), ("unmatched", "P-UNKNOWN-1")):
        told = await world.done("claims", agent, "POST", "/v1/claims", _report(policy_no))
        world.ids[name] = told["id"]
    await _file(world, agent, world.ids["open"])
    body = {"field": "reporter.phone", "purpose": "call back about the survey"}
    await world.done("claims", agent, "POST", f"/v1/claims/{world.ids['open']}/reveals", body)
    claim = f"/v1/claims/{world.ids['settled']}"
    registered = {"reserve_amount": "5000.00", "reason": "first estimate", "no_survey_reason": "small, clear"}
    await world.step("claims", adjuster, claim, "registrations", registered)
    await world.step("claims", adjuster, claim, "documents", {"items": [{"code": one} for one in PAPERS]})
    consent = {"claimant_ref": "injured.0", "basis": "consent", "obtained_at": now()}
    await world.step("claims", adjuster, claim, "consents", consent)
    await world.step("claims", adjuster, claim, "losses", FACTS, "PUT")
    await world.step("claims", adjuster, claim, "calculation-sheets", {})
    await _decided_and_paid(world, claim, adjuster)


async def _decided_and_paid(world: CheckedWorld, claim: str, adjuster: Actor) -> None:
    approver, cashier = await world.who("claims_approver", SUB), await world.who("cashier", CENTRAL)
    step = {"kind": "decision", "outcome": "approve", "amount": "3268.00", "sheet_version": 1, "clause_ids": ["PA-01"]}
    await world.step("claims", approver, claim, "approvals", step)
    await world.step("claims", adjuster, claim, "settlement-agreements", {"agreed_at": now()})
    payee = {"kind": "insured_person", "name": "司徒海", "account": "6222000011112222"}
    order = {"payee": payee, "amount": "3268.00", "relation": "self"}
    ordered = await world.step("claims", adjuster, claim, "payments", order)
    world.ids["payment"] = ordered["id"]
    paid = {"paid_at": now(), "reference": "B-1"}
    await world.step("claims", cashier, f"/v1/payments/{ordered['id']}", "confirmations", paid)
    await world.step("claims", adjuster, claim, "notices", {"kind": "partial", "served_at": now(), "method": "letter"})
    told = {"explained_at": now(), "method": "phone", "content": "免赔额", "reply": "已了解"}
    await world.step("claims", adjuster, claim, "explanations", told)
    await world.step("claims", adjuster, claim, "closures", {})
    archivist = await world.who("archivist", SUB)
    bound = {"pages": [{"title": "索赔申请书", "page_count": 2}], "archivist_person_id": str(archivist.person_id)}
    await world.step("claims", archivist, claim, "file", bound)


def _report(policy_no: str) -> dict[str, Any]:
    return {
        "channel": "phone", "policy_no": policy_no, "unit_code": "320205", "place": "演示路1号",
        "reporter": {"name": "欧阳岚", "phone": "13800001234", "relation": "insured"},
        "loss_at": rfc3339(process_now() - timedelta(hours=30)), "injured": [{"name": "司徒海"}],
        "injured_count": 1, "death_count": 0, "estimated_amount": "4000.00",
    }  # fmt: skip


async def _file(world: CheckedWorld, who: Actor, claim_id: str) -> None:
    headers = {"Authorization": f"Bearer {token(who, 'claims')}", "Idempotency-Key": f'"{uuid4()}"'}
    file = {"file": ("a.pdf", pdf(), "application/pdf")}
    path = f"/v1/claims/{claim_id}/attachments"
    answer = await world.services["claims"].client.post(path, files=file, data={"kind": "document"}, headers=headers)
    assert answer.status_code == 201, answer.text
    world.ids["file"] = answer.json()["id"]


async def _complaint(world: CheckedWorld) -> None:
    """A complaint about the open claim, decided and told."""
    officer = await world.who("complaint_officer", BRANCH)
    adjuster = await world.who("adjuster", SUB)
    claim = (await world.services["claims"].get(adjuster, f"/v1/claims/{world.ids['open']}")).json()
    given = {
        "channel": "phone", "complainant": {"name": "欧阳岚", "phone": "13800001234"}, "representatives": [],
        "about": {"claim_no": claim["claim_no"]}, "cause": "claim_delay", "content": "处理太慢", "received_at": now(),
    }  # fmt: skip
    made = await world.done("complaints", await world.who("service_agent", SUB), "POST", "/v1/complaints", given)
    world.ids["complaint"] = made["id"]
    complaint = f"/v1/complaints/{made['id']}"
    reply = {
        "findings": "经核查情况属实", "basis": "保险条款", "reasons": "材料齐全", "remedies": ["review"],
        "outcome": "upheld",
    }  # fmt: skip
    for below, body in (
        ("identity-checks", {"result": "confirmed"}),
        ("assignments", {"officer_person_id": str(officer.person_id)}),
        ("investigations", {"step": "电话核实"}),
        ("decisions", reply),
    ):
        await world.step("complaints", officer, complaint, below, body)
    told = {"method": "phone", "notified_at": now(), "proof_reference": "REC-1"}
    await world.step("complaints", officer, complaint, "notifications", told)


async def _prevention(world: CheckedWorld) -> None:
    """A visit outside the plan that is due soon, so that its first stage is told."""
    engineer = await world.who("risk_engineer", CENTRAL)
    due_on = legal_day(process_now()) + timedelta(days=5)
    body = {"kind": "ad_hoc", "policy_no": POLICY, "due_on": str(due_on), "reason": "after an accident"}
    await world.done("risk", engineer, "POST", "/v1/inspections", body)
    await run_once(world.services["risk"].db, DUE)
