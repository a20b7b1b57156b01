"""Applications as people at units make and answer them, for the service tests of policy."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.policy.consumers import CONSUMERS
from shared.actor import Actor
from shared.clock import at_midnight, legal_day, process_now, rfc3339
from shared.events import type_of
from shared.inbox import Arrival, Inbox
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

UNIT, CENTRAL, BRANCH = "00.32.3201.320102", "00.32.3201", "00.32"
SELLER = actor("sales_agent", UNIT, name="seller")
SERVICE = actor("service_agent", UNIT, name="service")
CASHIER = actor("cashier", CENTRAL, name="cashier")
SURVEYOR = uuid4()


def underwriter(path: str, name: str | None = None) -> Actor:
    """An underwriter with the limits of the seed at his level."""
    limits = {
        "central_branch": ("2000000.00", "300000.00", "100000.00"),
        "branch": ("10000000.00", "1000000.00", "1000000.00"),
        "head_office": (None, None, None),
    }  # fmt: skip
    level = {3: "central_branch", 2: "branch", 1: "head_office"}[len(path.split("."))]
    liability, accident, refund = limits[level]
    return actor(
        "underwriter", path, name=name or f"underwriter@{path}",
        limits=[
            ("underwriting_limit", "liability", liability), ("underwriting_limit", "accident", accident),
            ("premium_refund", "liability", refund), ("premium_refund", "accident", refund),
        ],
    )  # fmt: skip


LOCAL, ABOVE, TOP = underwriter(CENTRAL), underwriter(BRANCH), underwriter("00")


def in_days(days: int) -> datetime:
    """Midnight of the day that comes so many days after today."""
    return at_midnight(legal_day(process_now()) + timedelta(days=days))


def move(clock: Path, days: float) -> None:
    """Shift everybody's clock by so many days from the machine's (the file of `ANLAN_CLOCK_FILE`)."""
    clock.write_text(str(days * 86400), encoding="ascii")


def period(days: int = 10) -> dict[str, str]:
    """A year of cover from then."""
    start = in_days(days)
    return {"starts_at": rfc3339(start), "ends_at": rfc3339(start.replace(year=start.year + 1))}


def ago(minutes: int = 0) -> str:
    return rfc3339(process_now() - timedelta(minutes=minutes))


POLICYHOLDER = {
    "name": "岚海商贸有限公司", "id_type": "uscc", "id_no": "91320100MA00000000", "phone": "02500000000",
    "address": "云泽市临港路1号",
}  # fmt: skip
SIGNER = {"role": "legal_representative", "name": "陈岚"}
DOCUMENTS = ("proposal_form", "identity", "site_plan", "insured_list", "consent", "contract", "employee_list")


def proposal(customer_id: UUID | None = None, **changes: Any) -> dict[str, Any]:
    """A complete proposal of public liability, small enough for the central branch."""
    today = legal_day(process_now()).isoformat()
    body = {
        "kind": "proposal", "product": "public_liability", "customer_id": str(customer_id or uuid4()),
        "policyholder": POLICYHOLDER, "risk": {"industry": "retail", "site": "云泽市临港路1号"},
        "requested_cover": {"limit_per_accident": "1000000.00", "aggregate_limit": "2000000.00"}, **period(),
        "documents": [{"code": code, "received_on": today} for code in DOCUMENTS],
    }  # fmt: skip
    return body | changes


def person(ref: str = "P-1", **changes: Any) -> dict[str, Any]:
    """Somebody on an insured list: an employee whose spouse benefits."""
    number = f"1101051980{int(ref.split('-')[1]) % 12 + 1:02d}01{int(ref.split('-')[1]):03d}X"
    body = {
        "ref": ref, "name": "欧阳岚", "id_type": "resident_id", "id_no": number, "occupation_class": 3,
        "sum_insured": "100000.00", "relation": "employee",
        "beneficiaries": [{"name": "欧阳江", "relation": "spouse"}],
    }  # fmt: skip
    return body | changes


def accident_proposal(persons: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A group of employees, each for 100,000 yuan."""
    listed = [person()] if persons is None else persons
    body = proposal(product="group_accident", requested_cover={"medical_sum_insured": "20000.00"})
    return body | {"insured_persons": listed, "risk": {}} | changes


ANSWERS = {
    "public_liability": {
        "Q01": "retail", "Q02": "800", "Q03": "yes", "Q04": "no", "Q05": "0", "Q06": "no", "Q07": "no",
    },
    "group_accident": {"Q01": "office", "Q02": "50", "Q03": "0", "Q04": "no", "Q05": "no"},
    "student_accident": {"Q01": "no", "Q02": "0", "Q03": "no"},
}  # fmt: skip


@dataclass
class Application:
    """One application and what the service last answered about it."""

    world: ApplicationWorld
    body: dict[str, Any]
    seller: Actor = SELLER
    server: Actor = SERVICE

    @property
    def path(self) -> str:
        return f"/v1/applications/{self.body['id']}"

    async def read(self, who: Actor | None = None) -> dict[str, Any]:
        answer = await self.world.policy.get(who or self.seller, self.path)
        assert answer.status_code == 200, answer.text
        self.body = answer.json()
        return self.body

    async def post(self, who: Actor, act: str, command: dict[str, Any], **options: Any) -> Any:
        """One act at the version that the application has now."""
        version = options.pop("version", None) or (await self.read())["version"]
        return await self.world.policy.post(who, f"{self.path}/{act}", command, version=version, **options)

    async def done(self, who: Actor, act: str, command: dict[str, Any]) -> dict[str, Any]:
        answer = await self.post(who, act, command)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def product(self) -> dict[str, Any]:
        found = (await self.world.policy.get(SELLER, f"/v1/products?code={self.body['product']}")).json()["items"][0]
        return (await self.world.policy.get(SELLER, f"/v1/products/{found['id']}")).json()["versions"][-1]["content"]

    async def disclose(self, **changes: Any) -> None:
        body = {"channel": "visit", "delivered_at": ago(30), "proof": "回执第1号"} | changes
        await self.done(self.seller, "disclosures", body)

    async def acknowledge(self, kind: str = "exclusions", **changes: Any) -> Any:
        kinds = ("duty",) if kind == "duties" else ("exclusion", "deductible", "deductible_rate", "co_pay")
        clauses = [
            {"clause_id": one["clause_id"], "text_version": one["text_version"]}
            for one in (await self.product())["clauses"]
            if one["kind"] in kinds
        ]
        body = {
            "kind": kind, "clauses": clauses, "method": "signature", "evidence_ref": "签字页扫描件",
            "signer": SIGNER, "acknowledged_at": ago(20),
        }  # fmt: skip
        return await self.post(self.server, "acknowledgements", body | changes)

    async def consent(self, *refs: str) -> None:
        body = {"clauses": [], "insured_refs": list(refs), "signer": {"role": "insured", "name": "欧阳岚"}}
        answer = await self.acknowledge("death_cover_consent", **body)
        assert answer.status_code == 201, answer.text

    async def answer(self, **changes: str) -> Any:
        given = ANSWERS[self.body["product"]] | changes
        body = {
            "question_version": (await self.product())["questions"]["version"], "answered_at": ago(15),
            "answers": [{"code": code, "value": value} for code, value in given.items()], "signer": SIGNER,
        }  # fmt: skip
        return await self.post(self.server, "answers", body)

    async def told(self, **answers: str) -> None:
        """The whole disclosure: pack, both acknowledgements, all answers."""
        await self.disclose()
        for kind in ("exclusions", "duties"):
            answer = await self.acknowledge(kind)
            assert answer.status_code == 201, answer.text
        answer = await self.answer(**answers)
        assert answer.status_code == 201, answer.text

    async def submit(self, **changes: Any) -> Any:
        body = {"signed_at": ago(10), "signer": SIGNER, "method": "seal", "evidence_ref": "投保单盖章页"}
        return await self.post(self.seller, "submissions", body | changes)

    async def submitted(self, **answers: str) -> Application:
        await self.told(**answers)
        answer = await self.submit()
        assert answer.status_code == 201, answer.text
        return self

    async def act(self, who: Actor, outcome: str = "accept", kind: str = "decisions", **changes: Any) -> Any:
        amount = changes.pop("amount", None) or (await self.read())["amount"]
        return await self.post(who, kind, {"outcome": outcome, "amount": amount} | changes)

    async def surveyed(self, by: UUID = SURVEYOR, days_ago: int = 1) -> None:
        """Risk tells that the survey was signed and the risk assessed."""
        at = rfc3339(process_now() - timedelta(days=days_ago))
        survey = {
            "inspection_id": str(uuid4()), "application_id": self.body["id"], "customer_id": self.body["customer_id"],
            "kind": "pre_bind", "risk_level": "medium", "hazards": {}, "inspector_id": str(by), "inspected_at": at,
            "signed_at": at,
        }  # fmt: skip
        assessed = {
            "assessment_id": str(uuid4()), "application_id": self.body["id"], "customer_id": self.body["customer_id"],
            "score": 78, "level": "medium", "assessor_id": str(by), "signed_at": at,
        }  # fmt: skip
        await self.world.hear("risk.inspection.completed.v1", survey)
        await self.world.hear("risk.assessment.signed.v1", assessed)


@dataclass
class ApplicationWorld:
    """The policy service, its people, and events from the others."""

    policy: ServiceUnderTest
    opened: list[Application] = field(default_factory=list)

    async def open(self, body: dict[str, Any] | None = None, who: Actor = SELLER) -> Application:
        answer = await self.try_open(body, who)
        assert answer.status_code == 201, answer.text
        return Application(self, answer.json())

    async def try_open(self, body: dict[str, Any] | None = None, who: Actor = SELLER) -> Any:
        return await self.policy.post(who, "/v1/applications", copy.deepcopy(body or proposal()))

    async def hear(self, subject: str, data: dict[str, Any], version: int = 1) -> None:
        """One event from another service, with its effect."""
        document = {
            "specversion": "1.0", "id": str(uuid4()), "source": subject.split(".")[0], "type": type_of(subject),
            "subject": str(uuid4()), "time": rfc3339(process_now()), "datacontenttype": "application/json",
            "dataschema": subject, "orgpath": UNIT, "recordversion": version,
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "data": data,
        }  # fmt: skip
        taken = await Inbox(self.policy.db, CONSUMERS).take(Arrival.of(subject, json.dumps(document).encode()))
        assert str(taken.outcome) in ("applied", "seen"), taken

    async def events(self, subject: str) -> list[dict[str, Any]]:
        """The data of every event of this subject that was published, in order."""
        from shared.outbox import outbox

        rows = [row for row in await self.policy.rows(outbox) if row["subject"] == subject]
        return [row["event"]["data"] for row in sorted(rows, key=lambda row: row["id"])]
