"""Contracts of the policy service made for a test: a product issued here, an accepted application, money that came."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.policy.application.tables import Application, ApplicationInsured
from services.policy.consumers import CONSUMERS
from services.policy.disclosure.tables import Acknowledgement, AnswerSet
from services.policy.issue.handlers import accepted
from services.policy.product.tables import Product, ProductVersion
from shared.actor import machine
from shared.clock import SHANGHAI, at_midnight, legal_day, process_now
from shared.events import encode
from shared.ids import uuid7
from shared.inbox import Arrival, Inbox, Outcome
from shared.masking import keyed_digest
from tests.support.services import ServiceUnderTest
from tests.support.tokens import ROOT, actor, person

UNIT, PATH = "3202", "00.32.3202"
UNDERWRITER = actor("underwriter", PATH, name="underwriter")
HEAD_UNDERWRITER = actor("underwriter", "00.32", name="underwriter of the branch")
CASHIER = actor("cashier", PATH, name="cashier")
CORE = actor("core_system", "00")
SELLER = person("the seller")
ACCOUNT = {"name": "云泽建工有限公司", "account": "6222000000001234567"}
CUSTOMER = UUID("0193b0c4-aaaa-7000-8000-000000000001")
HERE = "group_accident_own"
LIABILITY = "public_liability_own"
ANSWERS = [{"code": "Q14", "value": "none", "asked": "最近三年是否发生过事故？"}]


def seed(code: str) -> dict[str, Any]:
    """The terms of a product as they come along."""
    path = ROOT / f"services/policy/rule_sets/products/{code}.2026-1.toml"
    return tomllib.loads(path.read_text("utf-8"))["content"]


async def own_products(policy: ServiceUnderTest, **changes: Any) -> None:
    """Two products that this system issues: group accident (loading a quarter) and public liability."""
    for code, base, more in (
        (HERE, "group_accident", {"refund": {"rule": "net_premium", "loading": "0.25"}}),
        (LIABILITY, "public_liability", {"refund": {"rule": "pro_rata", "handling_fee_rate": "0.05"}}),
    ):
        content = seed(base) | {"issued_by": "anlan", "cash_before_cover": False} | more | changes
        async with policy.db.transaction(machine("policy")) as tx:
            product = Product(id=uuid7(), code=code, line=content["line"], business=content["business"])
            tx.add(product)
            await tx.flush()
            tx.add(
                ProductVersion(
                    id=uuid7(), product_id=product.id, code=code, number=1, name="2026-1",
                    effective_from=date(2020, 1, 1), content=content, digest=code,
                )
            )  # fmt: skip


def persons(*numbers: int, op: str = "add") -> list[dict[str, Any]]:
    """People of a list, `P-0001` and so on."""
    return [
        {
            "op": op, "ref": f"P-{n:04d}", "name": f"工人{n}", "id_type": "resident_id",
            "id_no": f"1101051949123{n:05d}", "occupation_class": 3, "sum_insured": Decimal("300000.00"),
            "relation": "employee", "beneficiaries": [{"name": f"家属{n}", "relation": "spouse"}],
        }
        for n in numbers
    ]  # fmt: skip


def day(days: int) -> datetime:
    """The beginning of the day so many days from today."""
    return at_midnight(legal_day(process_now()) + timedelta(days=days))


async def application(
    policy: ServiceUnderTest, product: str = HERE, *, people: Sequence[Mapping[str, Any]] = (),
    acknowledged: bool = True, **changes: Any,
) -> Application:  # fmt: skip
    """A proposal as the underwriter left it: approved, its exclusions acknowledged."""
    line = "accident" if product == HERE else "liability"
    told: dict[str, Any] = {
        "kind": "proposal", "status": "approved", "product": product, "product_version": 1, "line": line,
        "issued_by": "anlan", "customer_id": CUSTOMER, "unit_code": UNIT, "channel": "visit", "form_version": "2026-01",
        "seller_id": SELLER, "seller_staff_no": "S-1", "entered_by": SELLER, "policyholder": {"name": ACCOUNT["name"]},
        "applicant": {}, "documents": [],
        "risk": {}, "requested_cover": {}, "starts_at": day(1), "ends_at": day(366), "change": {},
        "terms": {"cover": cover(line), "rate_factor": "1.00"}, "premium": Decimal("36500.00"),
        "underwriter_id": UNDERWRITER.person_id, "decided_at": process_now(), "insured_count": len(people), "round": 1,
        "missing": [], "origin": {}, "org_path": PATH,
    }  # fmt: skip
    async with policy.db.transaction(machine("policy")) as tx:
        row = Application(id=uuid7(), version=1, **(told | changes))
        tx.add(row)
        await tx.flush()
        for one in people:
            digest = keyed_digest(b"d" * 32, one["id_no"])
            tx.add(ApplicationInsured(application_id=row.id, org_path=PATH, id_digest=digest, **one))
        if acknowledged:
            _acknowledge(tx, row)
    return row


def _acknowledge(tx: Any, row: Application) -> None:
    base = "group_accident" if row.product == HERE else "public_liability"
    clauses = [
        {"clause_id": one["clause_id"], "text_version": one["text_version"]}
        for one in seed(base)["clauses"]
        if one["kind"] in ("exclusion", "deductible", "deductible_rate", "proportional_payment", "co_pay")
    ]
    tx.add(
        Acknowledgement(
            application_id=row.id, org_path=PATH, kind="exclusions", clauses=clauses, insured_refs=[], method="seal",
            evidence_ref="SEAL-1", signer_role="policyholder", signer_name=ACCOUNT["name"],
            acknowledged_at=process_now() - timedelta(days=1), person_id=SELLER,
        )
    )  # fmt: skip
    tx.add(
        AnswerSet(
            application_id=row.id, org_path=PATH, number=1, question_version="2026-01", answers=ANSWERS,
            answered_at=process_now(), signer_role="policyholder", person_id=SELLER,
        )
    )  # fmt: skip


def cover(line: str) -> dict[str, Any]:
    """Cover terms of a contract."""
    if line == "accident":
        return {"sum_insured": "300000.00", "premium_charged_per_person": "365.00", "benefit_days": 180}
    return {"basis": "fault", "limit_per_accident": "2000000.00", "aggregate_limit": "4000000.00"}


async def accept(policy: ServiceUnderTest, row: Application) -> None:
    """What happens when the underwriter has accepted it."""
    async with policy.db.transaction(machine("policy")) as tx:
        held = await tx.find(Application, row.id, lock=True)
        await accepted(tx, held, policy.app.state)


async def issue(policy: ServiceUnderTest, row: Application, body: Any = None, **options: Any) -> Any:
    """The request that issues the policy."""
    options.setdefault("version", row.version)
    who = options.pop("who", UNDERWRITER)
    return await policy.post(who, f"/v1/applications/{row.id}/issues", body or {}, **options)


async def issued(
    policy: ServiceUnderTest, product: str = HERE, *, people: Sequence[Mapping[str, Any]] = (), paid: bool = True,
    **changes: Any,
) -> dict[str, Any]:  # fmt: skip
    """A policy issued here, its premium paid."""
    row = await application(policy, product, people=people, **changes)
    await accept(policy, row)
    answer = await issue(policy, row)
    assert answer.status_code == 201, answer.text
    if paid:
        await pay(policy, row.id)
    return (await policy.get(UNDERWRITER, f"/v1/policies/{answer.json()['id']}")).json()


async def orders(policy: ServiceUnderTest, **query: Any) -> list[dict[str, Any]]:
    """Payment orders as listed."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return (await policy.get(CASHIER, f"/v1/payment-orders?{asked}")).json()["items"]


async def pay(policy: ServiceUnderTest, application_id: UUID, **changes: Any) -> Any:
    """Confirm the open order of an application."""
    [order] = await orders(policy, application_id=application_id, status="created")
    body: dict[str, Any] = {
        "paid_at": process_now().isoformat(), "payer": ACCOUNT, "reference": f"R-{uuid4()}",
    } | changes  # fmt: skip
    if order["direction"] == "out":
        body.pop("payer")
    answer = await policy.post(
        CORE, f"/v1/payment-orders/{order['id']}/confirmations", body, version=order["version"]
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return answer.json()


async def hear(policy: ServiceUnderTest, *events: dict[str, Any]) -> None:
    """These events come in, one after the other."""
    inbox = Inbox(policy.db, CONSUMERS)
    for one in events:
        taken = await inbox.take(Arrival.of(f"{one['type']}.v1", encode(one)))
        assert taken.outcome in (Outcome.APPLIED, Outcome.SEEN), taken


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
