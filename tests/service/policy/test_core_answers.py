"""The core answers applications that were approved here; what was acknowledged here stays as it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from services.policy.application.tables import Application
from services.policy.disclosure.tables import Acknowledgement
from services.policy.policy.tables import Base, Policy
from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.ids import customer_id, uuid7
from shared.kernel import kernel
from tests.support.core_lines import CORE, ITEMS, NUMBER, group
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

TABLES = Base.metadata.tables
UNDERWRITER = uuid7()


async def applied(policy: ServiceUnderTest, kind: str = "proposal", status: str = "approved", **changes: Any) -> str:
    """An application of the customer of the group policy, with its exclusions acknowledged a day ago."""
    body = group()
    async with policy.db.transaction(machine("policy")) as tx:
        row = Application(
            **{
                "id": uuid7(), "version": 1, "org_path": "00.32.3202", "kind": kind, "status": status,
                "product": body["product"], "product_version": 1, "line": body["line"], "issued_by": "core",
                "customer_id": customer_id(body["customer_core_no"]), "unit_code": "3202", "channel": "visit",
                "form_version": "2026-01", "entered_by": uuid7(), "policyholder": {}, "applicant": {},
                "documents": [], "risk": {}, "requested_cover": {}, "change": {}, "terms": {}, "insured_count": 1,
                "round": 1, "missing": [], "origin": {}, "underwriter_id": UNDERWRITER, "decided_at": tx.now,
            } | changes
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        told = [{"clause_id": "EX-11", "text_version": "2026-01"}]
        tx.add(
            Acknowledgement(
                application_id=row.id, org_path=row.org_path, kind="exclusions", clauses=told, insured_refs=[],
                method="signature", evidence_ref="E-1", signer_role="policyholder", signer_name="欧阳岚",
                acknowledged_at=tx.now - timedelta(days=1), person_id=uuid7(),
            )
        )  # fmt: skip
    return str(row.id)


async def put(policy: ServiceUnderTest, application_id: str | None, **changes: Any) -> dict[str, Any]:
    body = group(application_id=application_id, **changes)
    answer = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def one(policy: ServiceUnderTest, table: str, **where: Any) -> dict[str, Any]:
    [row] = await policy.rows(TABLES[table], **where)
    return dict(row)


async def test_the_cores_policy_is_the_answer_to_the_application_and_keeps_where_it_came_from(
    policy: ServiceUnderTest,
) -> None:
    application = await applied(policy)
    told = await put(policy, application)
    row, held = await one(policy, "applications"), await one(policy, "policies")
    assert (row["status"], str(row["policy_id"])) == ("issued", told["id"])
    assert (str(held["application_id"]), held["underwriter_id"], held["made_here"]) == (application, UNDERWRITER, False)
    [event] = await policy.rows(kernel.tables["outbox"], subject="policy.policy.issued.v1")
    assert event["event"]["data"]["underwriter_id"] == str(UNDERWRITER)
    assert (await put(policy, application))["applied"] == "ignored"
    assert len(await policy.rows(kernel.tables["history"], action="answered_by_core")) == 1


async def test_what_was_acknowledged_here_is_never_overwritten_and_a_contradiction_is_listed(
    policy: ServiceUnderTest,
) -> None:
    application = await applied(policy)
    [ours] = [row["acknowledged_at"] for row in await policy.rows(TABLES["acknowledgements"])]
    theirs = [
        {"clause_id": "EX-11", "text_version": "2026-01", "acknowledged_at": "2020-01-01T00:00:00+08:00"},
        {"clause_id": "EX-13", "text_version": "2026-01", "acknowledged_at": "2020-01-01T00:00:00+08:00"},
    ]
    await put(policy, application, exclusions=theirs)
    held = (await one(policy, "policies"))["exclusions"]
    assert [one["acknowledged_at"] for one in held] == [ours.isoformat(), None]
    items = await policy.rows(ITEMS, kind="owned_here")
    assert {(row["cause"], row["owner"]) for row in items} == {
        ("exclusions:EX-11", "anlan"), ("exclusions:EX-13", "anlan"),
    }  # fmt: skip
    later = {"core_version": 2, "change": {"kind": "endorse", "no": "E2"}, "exclusions": theirs}
    await put(policy, None, **later)
    assert (await one(policy, "policies"))["exclusions"] == held


async def test_without_an_application_here_the_cores_word_about_acknowledgements_stands(
    policy: ServiceUnderTest,
) -> None:
    await put(policy, None)
    assert (await one(policy, "policies"))["exclusions"][0]["acknowledged_at"] is not None
    assert await policy.rows(ITEMS, kind="owned_here") == []


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"status": "in_review"}, "status"),
        ({"product": "public_liability"}, "product"),
        ({"customer_id": UUID(int=7)}, "customer"),
        ({"kind": "cancellation", "status": "accepted"}, "change"),
    ],
)
async def test_a_policy_that_does_not_fit_its_application_is_stored_and_listed(
    policy: ServiceUnderTest, changes: dict[str, Any], differs: str
) -> None:
    application = await applied(policy, **changes)
    assert (await put(policy, application))["applied"] == "current"
    [item] = await policy.rows(ITEMS, kind="owned_here", cause=f"application:{application}")
    assert (item["owner"], item["theirs"]["differs"]) == ("anlan", differs)
    assert (await one(policy, "applications"))["status"] == changes.get("status", "approved")


async def test_an_application_that_nobody_made_here_is_named_and_listed(policy: ServiceUnderTest) -> None:
    told = await put(policy, str(UUID(int=9)))
    assert {"kind": "application", "value": str(UUID(int=9))} in told["pending_references"]


async def _deliver(policy: ServiceUnderTest, policy_id: str, number: str) -> None:
    keeper = actor("document_custodian", "00.32")
    sent = {"policy_id": policy_id, "item": "endorsement", "document_no": number, "method": "electronic"}
    made = (await policy.post(keeper, "/v1/deliveries", sent | {"electronic_id": "1"})).json()
    body = {"received_at": rfc3339(process_now()), "received_by": "欧阳岚", "relation": "policyholder"}
    path = f"/v1/deliveries/{made['id']}/receipts"
    assert (await policy.post(keeper, path, body, version=made["version"])).status_code == 201


async def test_changes_and_ends_that_were_applied_for_become_what_the_core_made_of_them(
    policy: ServiceUnderTest,
) -> None:
    made = await put(policy, None)
    wanted = {"policy_id": UUID(made["id"])}
    change = await applied(policy, "endorsement", "approved", **wanted)
    end = await applied(policy, "cancellation", "accepted", **wanted)
    await put(policy, change, core_version=2, change={"kind": "endorse", "no": "E2"})
    assert (await one(policy, "applications", id=UUID(change)))["status"] == "effective"
    await _deliver(policy, made["id"], "E2")
    ended = {"status": "cancelled", "ended_at": "2026-12-01T00:00:00+08:00", "refund_amount": "10.00"}
    await put(policy, end, core_version=3, change={"kind": "cancel", "no": "C3"}, **ended)
    assert (await one(policy, "applications", id=UUID(change)))["status"] == "delivered"
    assert (await one(policy, "applications", id=UUID(end)))["status"] == "refund_pending"


async def test_a_number_that_is_made_here_is_never_written_by_the_core(policy: ServiceUnderTest) -> None:
    await put(policy, None)
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).values(made_here=True, premium=Decimal("7.00")))
    told = await put(policy, None, core_version=2, change={"kind": "endorse", "no": "E2"})
    assert told["applied"] == "ignored"
    held = await one(policy, "policies")
    assert (held["policy_version"], held["premium"]) == (1, Decimal("7.00"))
    [item] = await policy.rows(ITEMS, kind="number_of_other_master")
    assert item["owner"] == "core"
