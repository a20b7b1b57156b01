"""Letters of a policy and forms of an application: in Chinese, complete, and the same again when printed again."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from embedded.demonstration.policies import policies
from services.policy.application.tables import Application
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy.tables import Policy
from shared.actor import machine
from shared.ids import uuid7
from shared.kernel import kernel
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

CORE = actor("core_system", "00")
CUSTODIAN = actor("document_custodian", "00.32.3201.320102")
NUMBER = "PPA2026-32-000001"


def version(number: int = 1, **changes: Any) -> dict[str, Any]:
    body = next(one for one in policies(5, 32, date(2026, 11, 24)) if one["policy_no"] == NUMBER)
    told = {name: value for name, value in body.items() if name != "policy_no"}
    if number > 1:
        told |= {"change": {"kind": "endorse", "no": f"E{number}", "reason": "增加人员"}}
    return told | {"unit_code": "320102", "core_version": number} | changes


@pytest.fixture
async def policy_id(policy: ServiceUnderTest) -> str:
    answer = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", version())
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def issue(policy: ServiceUnderTest, policy_id: str, kind: str, path: str = "policies", query: str = "") -> Any:
    return await policy.post(CUSTODIAN, f"/v1/{path}/{policy_id}/letters{query}", {"kind": kind})


async def kept(policy: ServiceUnderTest) -> dict[str, Any]:
    return (await policy.rows(kernel.tables["letters"]))[-1]["data"]


async def test_a_schedule_names_period_cover_exclusions_and_persons_and_prints_again_to_the_byte(
    policy: ServiceUnderTest, policy_id: str
) -> None:
    made = await issue(policy, policy_id, "policy_schedule")
    assert made.status_code == 201, made.text
    told, data = made.json(), await kept(policy)
    assert data["ends"].endswith("24时")
    assert {"term": "意外伤害保险金额", "value": "300,000.00 元"} in data["terms"]
    assert data["exclusions"][0]["clause"].startswith("EX-11")
    assert "*" in data["persons"][0]["id_no"]
    assert data["product"] == "团体意外伤害险"
    page = await policy.get(CUSTODIAN, f"/v1/policies/{policy_id}/letters/{told['letter_id']}/page")
    assert page.content.startswith(b"%PDF-")
    assert hashlib.sha256(page.content).hexdigest() == told["sha256"]
    await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", version(2, premium="999.00"))
    again = await policy.get(CUSTODIAN, f"/v1/policies/{policy_id}/letters/{told['letter_id']}/page")
    assert again.content == page.content


async def test_a_dry_run_shows_the_page_and_keeps_nothing(policy: ServiceUnderTest, policy_id: str) -> None:
    shown = await issue(policy, policy_id, "policy_schedule", query="?dry_run=true")
    assert shown.status_code == 200, shown.text
    assert base64.b64decode(shown.json()["page"]).startswith(b"%PDF-")
    assert await policy.rows(kernel.tables["letters"]) == []


async def test_an_endorsement_and_a_cancellation_tell_their_own_version(
    policy: ServiceUnderTest, policy_id: str
) -> None:
    early = await issue(policy, policy_id, "endorsement")
    assert (early.status_code, early.json()["code"]) == (409, "letter_not_due")
    await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", version(2, premium_delta="-12.50"))
    assert (await issue(policy, policy_id, "endorsement")).status_code == 201
    data = await kept(policy)
    assert (data["change_no"], data["premium_delta"], data["change_reason"]) == ("E2", "-12.50", "增加人员")
    ended = {
        "change": {"kind": "cancel", "no": "C3", "reason": "项目完工"}, "status": "cancelled",
        "ended_at": "2026-12-01T00:00:00+08:00", "refund_amount": "100.00",
    }  # fmt: skip
    await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", version(3) | ended)
    assert (await issue(policy, policy_id, "cancellation")).status_code == 201
    data = await kept(policy)
    assert (data["refund"], data["ended"]) == ("100.00", "2026年12月1日0时")


async def test_a_character_that_the_fonts_do_not_have_is_an_error_and_no_box(
    policy: ServiceUnderTest, policy_id: str
) -> None:
    strange = version(2, change={"kind": "endorse", "no": "E2", "reason": "\U0001f642"})
    await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", strange)
    refused = await issue(policy, policy_id, "endorsement")
    assert (refused.status_code, refused.json()["code"]) == (422, "letter_not_printable")


async def test_a_receipt_is_for_money_that_was_paid(policy: ServiceUnderTest, policy_id: str) -> None:
    early = await issue(policy, policy_id, "receipt")
    assert (early.status_code, early.json()["code"]) == (409, "letter_not_due")
    async with policy.db.transaction(machine("policy")) as tx:
        held = await tx.find(Policy, policy_id)
        order = PaymentOrder(
            id=uuid7(), version=1, org_path=held.org_path, unit_code="320102", policy_id=held.id, policy_no=NUMBER,
            customer_id=held.customer_id, line="accident", kind="premium", direction="in", amount=Decimal("365.00"),
            computation={}, parties=[], due_on=date(2026, 2, 1), status="paid", sent_at=tx.now, paid_at=tx.now,
            payer_name="岚海商贸有限公司", reference="R-1",
        )  # fmt: skip
        tx.add(order)
    assert (await issue(policy, policy_id, "receipt")).status_code == 201
    data = await kept(policy)
    assert (data["receipt_no"], data["amount"], data["payer"]) == ("R-1", "365.00", "岚海商贸有限公司")


async def test_a_letter_that_there_is_not_is_refused(policy: ServiceUnderTest, policy_id: str) -> None:
    refused = await issue(policy, policy_id, "invitation")
    assert (refused.status_code, refused.json()["code"]) == (422, "letter_unknown")


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("proposal", "proposal"), ("endorsement", "endorsement_application"),
        ("cancellation", "cancellation_application"),
    ],
)  # fmt: skip
async def test_a_form_is_printed_with_what_was_filled_in(
    policy: ServiceUnderTest, policy_id: str, kind: str, form: str
) -> None:
    async with policy.db.transaction(machine("policy")) as tx:
        row = _application(tx, kind, None if kind == "proposal" else policy_id)
        tx.add(row)
    made = await issue(policy, str(row.id), form, "applications")
    assert made.status_code == 201, made.text
    data = await kept(policy)
    assert (data["addressee"], data["product"]) == ("岚海商贸有限公司", "公众责任险")
    other = "proposal" if kind != "proposal" else "cancellation_application"
    refused = await issue(policy, str(row.id), other, "applications")
    assert (refused.status_code, refused.json()["code"]) == (409, "letter_not_due")


def _application(tx: Any, kind: str, policy_id: str | None) -> Application:
    change = {} if kind == "proposal" else {"kind": kind, "effective_on": "2026-12-01", "reason": "经营变更"}
    return Application(
        id=uuid7(), version=1, org_path="00.32.3201.320102", kind=kind, status="draft", product="public_liability",
        product_version=1, line="liability", issued_by="anlan", customer_id=uuid7(), unit_code="320102",
        channel="visit", form_version="2026-01", entered_by=uuid7(), policy_id=policy_id,
        policyholder={"name": "岚海商贸有限公司", "id_type": "uscc", "id_no": "91320100MA00000000"}, applicant={},
        documents=[], risk={}, requested_cover={"limit_per_accident": "2000000.00"}, change=change, terms={},
        insured_count=1, round=1, missing=[], origin={}, created_at=tx.now, updated_at=tx.now,
    )  # fmt: skip
