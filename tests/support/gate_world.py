"""The gateway with two branches and a person of every position at units in every relation, for walking its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from embedded.demonstration.network import teams, units
from embedded.demonstration.people import people
from gateway.app import create_app
from gateway.delegation.tables import DelegationRow
from gateway.directives.tables import Directive
from gateway.identity.machines import register_machine_key
from gateway.organisation.tables import Appointment, Team, UnitChange, UnitRow
from gateway.seed import seed_network
from gateway.webhooks.tables import Delivery, Webhook
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.ids import uuid7
from tests.service.gateway.test_machines import KEY, assertion, sign_in
from tests.support import engines, gateway
from tests.support.feeding import arrive, event
from tests.support.gateway import HASH, GatewayUnderTest, SignedIn
from tests.support.route_walk import Operation, Rows
from tests.support.schema_bodies import UNKNOWN
from tests.support.tokens import MATRIX

RECORDS = {
    "/units/": "unit_id", "/delegations/": "delegation_id", "/directives/": "directive_id",
    "/webhooks/": "webhook_id",
}  # fmt: skip
"""Collections whose records have a history; elsewhere it is the person's."""
ELSEWHERE = {"S": ("320104", "320205"), "C": ("3202",), "L": ("3200",), "B": ("33",)}
CORE = "M0033"
OWN_UNITS = {"S": "320102", "C": "3201", "B": "32", "H": "00"}


@dataclass
class Gate:
    """The gateway with a person of every position at each of the units named above."""

    gateway: GatewayUnderTest
    rows: Rows
    ids: dict[str, str]
    entered: dict[tuple[str, str], SignedIn]

    async def enter(self, position: str, unit_code: str) -> SignedIn | None:
        """The holder of the position at the unit, signed in once; None where nobody holds it."""
        if (position, unit_code) not in self.entered:
            found = [one for one in everybody() if holds(one, position, unit_code)]
            if not found:
                return None
            login = found[0]["login"]
            self.entered[position, unit_code] = await (self.gateway.enter_as(login) if login else self._enter_core())
        return self.entered[position, unit_code]

    async def _enter_core(self) -> SignedIn:
        """The core system of the other branch, by its key."""
        await register_machine_key(self.gateway.db, CORE, KEY.as_dict(private=False))
        answer = await sign_in(self.gateway, assertion(iss=CORE, sub=CORE))
        assert answer.status_code == 200, answer.text
        return SignedIn(CORE, answer.json()["access_token"], "", {})

    async def holders(self, operation: Operation, places: dict[str, Any]) -> list[tuple[str, SignedIn]]:
        found = []
        for letter, codes in places.items():
            for position in operation.holders(letter):
                for code in (codes,) if isinstance(codes, str) else codes:
                    who = await self.enter(position, code)
                    if who is not None:
                        found.append((f"{position} of {code}", who))
        return found

    async def call(
        self, who: SignedIn | None, operation: Operation, unknown: bool = False, **options: Any
    ) -> httpx.Response:
        path = operation.path
        for name, value in self.ids.items():
            path = path.replace(f"{{{name}}}", str(UNKNOWN) if unknown else value)
        for collection, named in RECORDS.items():
            if collection in path and not unknown:
                path = path.replace(self.ids["record_id"], self.ids[named])
        assert "{" not in path, f"the walk has no record for {operation}"
        headers = {"Content-Type": "application/merge-patch+json"} if operation.method == "PATCH" else {}
        body = options.pop("body", None) or operation.body()
        version = options.pop("version", None if operation.method == "GET" else 1)
        return await self.gateway.call(who, operation.method, path, body, headers=headers, version=version, **options)


def holds(person: Any, position: str, unit_code: str) -> bool:
    """Whether the person has the position at the unit."""
    return any((one["position"], one["unit_code"]) == (position, unit_code) for one in person["appointments"])


def everybody() -> list[dict[str, Any]]:
    """The story units' people, and for the other branch one person of each position that a branch has."""
    kept = {code for codes in ELSEWHERE.values() for code in codes} | set(OWN_UNITS.values())
    found = [one for one in people() if one["appointments"][0]["unit_code"] in kept and one["kind"] == "person"]
    post = {"position": "core_system", "unit_code": "33", "from": "2024-01-01", "to": None}
    found.append({"staff_no": CORE, "login": None, "name": "核心", "kind": "machine", "appointments": [post]})
    branch = [name for name, one in MATRIX.positions.items() if "B" in one.at and one.group != "machine"]
    for n, position in enumerate(branch):
        post = {"position": position, "unit_code": "33", "from": "2024-01-01", "to": None}
        found.append(
            {"staff_no": f"Z{n:04}", "login": f"z{n:04}", "name": "测试", "kind": "person", "appointments": [post]}
        )
    return found


async def _more_records(gate: Gate) -> None:
    """A team of the unit of the walk, something it was told to do, and a move of it that waits for its day."""
    [team, *_] = await gate.gateway.rows(Team.__table__, Team.unit_code == "320102")
    later = str(legal_day(process_now()) + timedelta(days=60))
    head, admin = await gate.enter("department_head", "32"), await gate.enter("security_admin", "32")
    told = {"unit_codes": ["320102"], "text": "检查危化品客户。", "due_on": later}
    issued = await gate.gateway.call(head, "POST", "/v1/directives", told)
    assert issued.status_code == 201, issued.text
    [directive] = await gate.gateway.rows(Directive.__table__)
    path = f"/v1/units/{gate.ids['unit_id']}"
    assert admin is not None
    version = (await gate.gateway.get(admin, path)).json()["version"]
    body = {"parent_code": "3202", "effective_on": later}
    moved = await gate.gateway.call(admin, "POST", f"{path}/moves", body, version=version)
    assert moved.status_code == 201, moved.text
    [change] = await gate.gateway.rows(UnitChange.__table__)
    gate.ids |= {"team_id": str(team["id"]), "directive_id": str(directive["id"]), "change_id": str(change["id"])}


async def _pushed(under_test: GatewayUnderTest, person_id: UUID, post: Mapping[str, Any]) -> dict[str, str]:
    """A webhook at the unit of the walk that was told of something once."""
    place = {"org_path": post["org_path"]}
    hook = Webhook(
        id=uuid7(), version=1, **place, url="https://core.example/hook", events=["*"], status="active",
        person_id=person_id, appointment_id=post["id"], sealed_secret=b"x" * 60, fed_to=0,
    )  # fmt: skip
    one = Delivery(
        id=uuid7(), **place, webhook_id=hook.id, event_id=uuid7(), position=0, type="claims.payment.ordered",
        record_id=uuid7(), event={}, status="delivered", attempts=1, next_at=process_now(),
    )  # fmt: skip
    async with under_test.db.transaction(machine("gateway")) as tx:
        tx.add(hook)
        await tx.flush()
        tx.add(one)
    return {"webhook_id": str(hook.id), "delivery_id": str(one.id)}


async def _delegated(under_test: GatewayUnderTest, person_id: UUID, post: Mapping[str, Any]) -> str:
    """Something that the person of the walk has delegated to a colleague of the same unit."""
    deputy = next(one for one in everybody() if holds(one, "surveyor", "320102"))
    today = legal_day(process_now())
    row = DelegationRow(
        id=uuid7(), version=1, org_path=post["org_path"], appointment_id=post["id"], from_person_id=person_id,
        to_person_id=(await under_test.person(deputy["staff_no"]))["id"], permissions=["claims.claim.read"],
        limit_amount=None, from_on=today, to_on=today + timedelta(days=7), reason="休假", granted_by=person_id,
        table_version=None, revoked_at=None, revoked_by=None,
    )  # fmt: skip
    async with under_test.db.transaction(machine("gateway")) as tx:
        tx.add(row)
    return str(row.id)


@asynccontextmanager
async def gate_of(clones: engines.Clones, folder: Path) -> AsyncIterator[Gate]:
    """The gateway before services that are all away, with two branches and their people."""
    url = clones.application_url("gateway")
    await clones.reset("gateway")
    quotas = dict.fromkeys(("rate_read", "rate_write", "rate_machine", "rate_sign_in", "rate_source"), 1_000_000)
    nowhere = dict.fromkeys(("policy", "claims", "risk", "complaints", "crm"), "http://localhost:1")
    app = create_app(gateway.settings_of(url, folder, service_urls=nowhere, **quotas))
    staff = everybody()
    await seed_network(app.state.db, units(("32", "33")), teams(("32",)), staff, HASH)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            under_test = GatewayUnderTest(app, client, app.state.db)
            agent = next(one for one in staff if holds(one, "service_agent", "320102"))
            person = await under_test.person(agent["staff_no"])
            [post] = await under_test.rows(Appointment.__table__, Appointment.person_id == person["id"])
            [unit] = await under_test.rows(UnitRow.__table__, UnitRow.code == "320102")
            ids = {
                "person_id": str(person["id"]), "record_id": str(person["id"]), "appointment_id": str(post["id"]),
                "unit_id": str(unit["id"]), "thumbprint": "x" * 43,
                "delegation_id": await _delegated(under_test, person["id"], post),
                **await _pushed(under_test, person["id"], post),
            }  # fmt: skip
            gate = Gate(under_test, Rows(clones.superuser_dsn("gateway")), ids, {})
            await _more_records(gate)
            await arrive(under_test.db, event())
            yield gate
    await clones.reset("gateway")
