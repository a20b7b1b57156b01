"""Claims that were decided through HTTP, and everything that follows: told, agreed, paid, closed, bound."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from sqlalchemy import func, select, text

from services.claims.archive.tables import ClaimFile
from services.claims.payment.tables import Payment
from shared.actor import Actor, machine
from shared.attachments import attachments
from shared.audit import audit_entries
from shared.clock import process_now, rfc3339
from shared.directory import directory_appointments, directory_persons
from shared.kernel import kernel
from tests.support.claims_world import ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

T = TypeVar("T")
POOL = 5
NORTH, MIDDLE, PROVINCE = "00.32.3202.320205", "00.32.3202", "00.32"
SMALL_COVER: dict[str, Any] = {
    "sum_insured": "100000.00",
    "medical_sum_insured": "20000.00",
    "medical_deductible": "200.00",
    "medical_reimbursement_rate": "0.80",
}
SMALL_FACTS: dict[str, Any] = {
    "claimants": [
        {
            "ref": "P-1",
            "kind": "insured_person",
            "name": "欧阳岚",
            "losses": [{"kind": "medical", "amount": "4285.00"}],
        }
    ]
}
TWO_VICTIMS: dict[str, Any] = {
    "fault_ratio": "1.00",
    "claimants": [
        {"ref": "A", "kind": "third_party", "name": "司徒海", "losses": [{"kind": "medical", "amount": "600.00"}]},
        {"ref": "B", "kind": "third_party", "name": "令狐云", "losses": [{"kind": "medical", "amount": "400.00"}]},
    ],
    "expenses": [{"kind": "legal", "amount": "200.00"}],
}
VICTIM = {"kind": "third_party", "name": "司徒海", "account": "6222333344445555"}
ACCOUNT = "6222000011112222"
PERSON = {"kind": "insured_person", "name": "欧阳岚", "account": ACCOUNT}


async def at_once(calls: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """All calls together, as many at a time as the service has connections: more would only wait for one."""
    gate = asyncio.Semaphore(POOL)

    async def through(call: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await call()

    return await asyncio.gather(*(through(call) for call in calls))


def now() -> str:
    return rfc3339(process_now())


def cashier(path: str = MIDDLE, name: str | None = None) -> Actor:
    return actor("cashier", path, name=name)


def archivist(path: str = NORTH, name: str | None = None) -> Actor:
    return actor("archivist", path, name=name)


def core_system() -> Actor:
    return actor("core_system", PROVINCE)


@dataclass
class SettledWorld:
    """The life of a claim after its decision. Every step answers with the response; `…_done` asserts success."""

    service: ServiceUnderTest

    def __post_init__(self) -> None:
        self.world = ClaimsWorld(self.service)

    async def decided(
        self, cover: Mapping[str, Any] = SMALL_COVER, facts: Mapping[str, Any] = SMALL_FACTS, *, line: str = "accident",
        path: str = NORTH, by: str | None = None, outcome: str = "approve", **changes: Any,
    ) -> UUID:  # fmt: skip
        """A claim decided through HTTP by the approver at `by` (default: its own unit), after the opinions below."""
        unit = path.split(".")[-1]
        policy = await self.world.policy(cover, line=line, unit_code=unit, **changes)
        claim_id = await self.world.calculated(policy, facts, adjuster(path), path=path, line=line)
        await self.decide(claim_id, path, by or path, outcome)
        return claim_id

    async def decide(self, claim_id: UUID, path: str, by: str, outcome: str = "approve") -> None:
        steps = path.split(".")
        below = [".".join(steps[:n]) for n in range(len(steps), len(by.split(".")), -1)]
        for one in below:
            answer = await self.world.approve(approver(one), claim_id, "opinion", outcome)
            assert answer.status_code == 201, answer.text
        answer = await self.world.approve(approver(by), claim_id, "decision", outcome)
        assert answer.status_code == 201, answer.text

    async def step(
        self, who: Actor, claim_id: UUID, below: str, body: Any, *, version: int | None = None, **options: Any
    ) -> httpx.Response:
        """POST a fact below the claim, at the version it has now."""
        seen = version or (await self.world.row(claim_id)).version
        return await self.service.post(who, f"/v1/claims/{claim_id}/{below}", body, version=seen, **options)

    async def agree(self, claim_id: UUID, path: str = NORTH, **more: Any) -> httpx.Response:
        return await self.step(adjuster(path), claim_id, "settlement-agreements", {"agreed_at": now()} | more)

    async def serve(self, claim_id: UUID, kind: str, path: str = NORTH, **more: Any) -> httpx.Response:
        body = {"kind": kind, "served_at": now(), "method": "letter"} | more
        return await self.step(adjuster(path), claim_id, "notices", body)

    async def explain(self, claim_id: UUID, path: str = NORTH, **more: Any) -> httpx.Response:
        body = {"explained_at": now(), "method": "phone", "content": "免赔额与赔付比例", "reply": "已了解"} | more
        return await self.step(adjuster(path), claim_id, "explanations", body)

    async def order(
        self, claim_id: UUID, amount: str = "3268.00", payee: Mapping[str, Any] = PERSON, *, who: Actor | None = None,
        **more: Any,
    ) -> httpx.Response:  # fmt: skip
        version = more.pop("version", None)
        body = {"payee": dict(payee), "amount": amount, "relation": "self"} | more
        return await self.step(who or adjuster(NORTH), claim_id, "payments", body, version=version)

    async def agreed(self, *given: Any, **options: Any) -> UUID:
        claim_id = await self.decided(*given, **options)
        assert (answer := await self.agree(claim_id, options.get("path", NORTH))).status_code == 201, answer.text
        return claim_id

    async def ordered(self) -> tuple[UUID, dict[str, Any]]:
        claim_id = await self.agreed()
        answer = await self.order(claim_id)
        assert answer.status_code == 201, answer.text
        return claim_id, answer.json()

    async def act(
        self, payment_id: Any, act: str, body: Any = None, *, who: Actor | None = None, version: int | None = None
    ) -> httpx.Response:
        """POST an act on a payment, at the version it has now."""
        seen = version or (await self.payment(payment_id)).version
        path = f"/v1/payments/{payment_id}/{act}"
        return await self.service.post(who or cashier(), path, {} if body is None else body, version=seen)

    async def confirm(self, payment_id: Any, **options: Any) -> httpx.Response:
        return await self.act(payment_id, "confirmations", {"paid_at": now(), "reference": "B-1"}, **options)

    async def paid(self) -> UUID:
        claim_id, payment = await self.ordered()
        assert (answer := await self.confirm(payment["id"])).status_code == 201, answer.text
        return claim_id

    async def close(self, claim_id: UUID, path: str = NORTH) -> httpx.Response:
        return await self.step(adjuster(path), claim_id, "closures", {})

    async def closed(self) -> UUID:
        claim_id = await self.paid()
        for answer in (await self.serve(claim_id, "partial"), await self.explain(claim_id), await self.close(claim_id)):
            assert answer.status_code == 201, answer.text
        return claim_id

    async def bind(self, claim_id: UUID, who: Actor | None = None, **more: Any) -> httpx.Response:
        own = who or archivist()
        body = {
            "pages": [{"title": "索赔申请书", "page_count": 2}, {"title": "理算书", "page_count": 3}],
            "archivist_person_id": str(own.person_id),
        }
        return await self.step(own, claim_id, "file", body | more)

    async def payment(self, payment_id: Any) -> Payment:
        async with self.service.db.transaction(machine("claims")) as tx:
            return await tx.scalar(select(Payment).where(Payment.id == UUID(str(payment_id))))

    async def payments(self, claim_id: UUID) -> Sequence[Payment]:
        async with self.service.db.transaction(machine("claims")) as tx:
            return await tx.scalars(select(Payment).where(Payment.claim_id == claim_id).order_by(Payment.payable_no))

    async def volumes(self) -> list[str]:
        async with self.service.db.transaction(machine("claims")) as tx:
            return sorted(await tx.scalars(select(ClaimFile.volume_no)))

    async def events(self, subject: str) -> list[dict[str, Any]]:
        """Data of the events of one subject, in order."""
        rows = await self.service.rows(kernel.tables["outbox"], subject=subject)
        return [row["event"]["data"] for row in sorted(rows, key=lambda one: one["id"])]

    async def items(self, record_id: Any, *kinds: str) -> list[dict[str, Any]]:
        """Open work items about a record."""
        rows = await self.service.rows(kernel.tables["work_items"], record_id=UUID(str(record_id)))
        return [dict(row) for row in rows if row["closed_at"] is None and (not kinds or row["kind"] in kinds)]

    async def traces(self) -> tuple[int, int, int]:
        """How many events, audit entries and payments there are."""
        async with self.service.db.transaction(machine("claims")) as tx:
            counted = [
                await tx.scalar(select(func.count()).select_from(table))
                for table in (kernel.tables["outbox"], audit_entries, Payment.__table__)
            ]
        return counted[0], counted[1], counted[2]

    async def refused(
        self, answer: httpx.Response, wanted: str, before: tuple[int, int, int], status: int = 409
    ) -> None:
        """The refusal, and that it left nothing but its audit entry (none for 422)."""
        assert (answer.status_code, answer.json()["code"]) == (status, wanted), answer.text
        events, entries, payments = await self.traces()
        assert (events, payments) == (before[0], before[2])
        assert entries == before[1] + (0 if status == 422 else 1)

    async def bound(self) -> tuple[UUID, dict[str, Any]]:
        claim_id = await self.closed()
        answer = await self.bind(claim_id)
        assert answer.status_code == 201, answer.text
        return claim_id, answer.json()

    async def attach(self, claim_id: UUID, content: bytes) -> UUID:
        """A file of the claim, as an upload would have left it."""
        own, at, row = uuid4(), process_now(), await self.world.row(claim_id)
        told = {
            "id": own, "version": 1, "org_path": row.org_path, "record_type": "claim", "record_id": claim_id,
            "kind": "document", "file_name": "a.pdf", "media_type": "application/pdf", "size": len(content),
            "sha256": hashlib.sha256(content).digest(), "scan_state": "clean", "uploaded_by": person("adjuster"),
            "created_at": at, "updated_at": at,
        }  # fmt: skip
        async with self.service.db.transaction(machine("claims")) as tx:
            await tx.execute(attachments.insert().values(**told))
        return own

    async def sql(self, statement: str, record_id: Any) -> None:
        """As the application role would write it, round the use cases; `:id` is the record's."""
        async with self.service.db.transaction(machine("claims")) as tx:
            await tx.execute(text(statement), {"id": record_id})

    async def staff(self, name: str, *digests: str, position: str | None = None, path: str = NORTH) -> UUID:
        """Somebody in the directory, with declared accounts and perhaps an appointment."""
        own = person(name)
        told = [{"kind": "account", "of": "relative", "digest": one} for one in digests]
        row = {"person_id": own, "staff_no": name[:40], "active": True, "digests": told, "record_version": 1}
        async with self.service.db.transaction(machine("claims")) as tx:
            await tx.execute(directory_persons.insert().values(**row))
            if position is not None:
                held = {
                    "appointment_id": person(f"appointment of {name}"), "person_id": own, "staff_no": name[:40],
                    "position": position, "unit_code": path.split(".")[-1], "path": path,
                    "from_on": date(2020, 1, 1), "to_on": None, "record_version": 1,
                }  # fmt: skip
                await tx.execute(directory_appointments.insert().values(**held))
        return own
