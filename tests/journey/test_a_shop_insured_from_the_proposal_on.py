"""A shop's public liability, from the proposal at a sub-branch to the receipt of the policy.

The pack on one day, the acknowledgement on another; a survey in between by somebody who then does not underwrite; an
opinion below and the branch's decision with ten per cent more and a special agreement; premium from the company's own
account alone; the core's policy as the answer; what risk and crm plan from it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from services.risk.inspection.tables import Inspection
from shared.clock import legal_day, process_now, rfc3339
from tests.support.application_story import SIGNED, SIGNER, ApplicationStory, customer, now, opened
from tests.support.claim_life import MovedClock
from tests.support.gateway import SignedIn
from tests.support.journeys import move
from tests.support.sample_files import pdf
from tests.support.system import System

BEGINS = "2026-03-09T10:00"
UNIT, CENTRAL, BRANCH = "320102", "3201", "32"
COVER = {
    "basis": "fault", "limit_per_accident": "5000000.00", "aggregate_limit": "10000000.00",
    "limit_per_person": "500000.00", "property_deductible_amount": "2000.00", "property_deductible_rate": "0.10",
}  # fmt: skip
ANSWERS = {"Q01": "retail", "Q02": "2600", "Q03": "yes", "Q04": "no", "Q05": "0", "Q06": "no", "Q07": "no"}
ACCEPT = {"outcome": "accept", "amount": "5000000.00"}
TERMS = {"rate_factor": "1.10", "agreements": [{"code": "SA-01"}]}
REDUCING = ("exclusion", "deductible", "deductible_rate", "proportional_payment", "co_pay")


async def test_a_shop_is_insured_from_the_proposal_to_the_receipt(clock: MovedClock, system: System) -> None:
    owner = await customer(system)
    story = await opened(system, UNIT, _proposal(owner))
    await _nobody_at_the_sub_branch_decides(story)
    await _told_before_it_is_submitted(story, clock)
    await _looked_at_and_not_by_the_underwriter(story)
    await _opinion_below_and_terms_above(story, clock)
    order = await _premium_from_the_own_account(story, clock, owner)
    policy = await _the_core_answers(story, owner, order)
    await _what_follows(story, clock, policy)


def _proposal(owner: dict[str, Any]) -> dict[str, Any]:
    documents = ("proposal_form", "identity", "site_plan")
    return {
        "kind": "proposal", "product": "public_liability", "customer_id": owner["id"],
        "policyholder": {"name": owner["name"], "id_type": "uscc", "id_no": owner["id_no"]},
        "risk": {"industry": "retail", "site": owner["address"]}, "requested_cover": COVER,
        "starts_at": "2026-03-20T00:00:00+08:00", "ends_at": "2027-03-20T00:00:00+08:00",
        "documents": [{"code": code, "received_on": "2026-03-09"} for code in documents],
    }  # fmt: skip


async def _nobody_at_the_sub_branch_decides(story: ApplicationStory) -> None:
    """The sub-branch takes in and checks; it has no binding power, in no position."""
    for position in ("sales_agent", "service_agent", "surveyor", "adjuster"):
        await story.refused(403, "action_not_permitted", position, "decisions", ACCEPT)


async def _told_before_it_is_submitted(story: ApplicationStory, clock: MovedClock) -> None:
    submission = SIGNED | {"signed_at": now()}
    await story.refused(422, "pack_not_delivered", "sales_agent", "submissions", submission)
    await story.done("sales_agent", "disclosures", {"channel": "visit", "delivered_at": now(), "proof": "送达回执001"})
    await story.refused(422, "exclusions_not_acknowledged", "sales_agent", "submissions", submission)
    move(story.system, clock, "2026-03-10T09:00")
    asked = {"reason": "five million in one accident"}
    await story.done(f"underwriter@{CENTRAL}", "survey-requests", asked)
    told = await story.system.told("policy", story.application["id"])
    assert "policy.survey.requested.v1" in [one["subject"] for one in told]
    move(story.system, clock, "2026-03-12T10:00")
    seller = {"role": "sales_agent", "name": "展业"}
    by_seller = await story.acknowledgement("exclusions", *REDUCING, signer=seller)
    await story.refused(422, "signed_for_customer", "sales_agent", "acknowledgements", by_seller)
    await story.done("sales_agent", "acknowledgements", await story.acknowledgement("exclusions", *REDUCING))
    await story.done("sales_agent", "acknowledgements", await story.acknowledgement("duties", "duty"))
    await story.answers(ANSWERS)
    back = await story.step("sales_agent", "submissions?dry_run=true", SIGNED | {"signed_at": now()})
    assert back.status_code == 200, back.text
    sent = await story.done("sales_agent", "submissions", SIGNED | {"signed_at": now()})
    assert (sent["amount"], sent["application"]["status"]) == ("5000000.00", "survey_required")


async def _looked_at_and_not_by_the_underwriter(story: ApplicationStory) -> None:
    """The central branch's surveyor saw the place; appointed underwriter as well, he is refused there."""
    surveyor = await story.person(f"surveyor@{CENTRAL}")
    await story.surveyed(surveyor, await story.person(f"risk_engineer@{CENTRAL}"))
    assert (await story.read())["status"] == "surveyed"
    twice = await _appointed(story, surveyor, "underwriter", CENTRAL)
    await story.refused(403, "separation_of_duties", twice, "opinions", ACCEPT)
    story.system.forget_sign_ins()


async def _appointed(story: ApplicationStory, person: SignedIn, position: str, unit: str) -> SignedIn:
    """The same person acting under a second appointment."""
    gate = story.system.gateway
    administrator = await story.person(f"security_admin@{BRANCH}")
    version = (await gate.get(administrator, f"/v1/people/{person.id}")).json()["version"]
    post = {"position": position, "unit_code": unit, "from": legal_day(process_now()).isoformat()}
    granted = await gate.post(administrator, f"/v1/people/{person.id}/appointments", post, version=version)
    assert granted.status_code == 201, granted.text
    again = await gate.enter_as(person.login)
    [second] = [one for one in again.told["appointments"] if one["position"] == position]
    switched = await gate.post(again, "/v1/session/appointment", {"appointment_id": second["id"]})
    assert switched.status_code == 200, switched.text
    return SignedIn(again.login, switched.json()["access_token"], again.refresh_token, again.told)


async def _opinion_below_and_terms_above(story: ApplicationStory, clock: MovedClock) -> None:
    central, branch = f"underwriter@{CENTRAL}", f"underwriter@{BRANCH}"
    await story.refused(403, "authority_exceeded", central, "decisions", ACCEPT)
    with_terms = ACCEPT | {"outcome": "accept_with_terms", "terms": TERMS}
    await story.refused(409, "wrong_step", branch, "decisions", with_terms)
    await story.done(central, "opinions", with_terms | {"reason": "疏散通道须保持畅通"})
    assert (await story.read())["status"] == "referred_up"
    move(story.system, clock, "2026-03-13T11:00")
    above = ACCEPT | {"outcome": "accept_with_terms", "terms": {"rate_factor": "1.60"}}
    await story.refused(422, "rate_outside_filed_range", branch, "decisions", above)
    decided = await story.done(branch, "decisions", with_terms | {"reason": "上浮 10%"})
    assert (decided["premium"], decided["application"]["status"]) == ("86000.00", "approved_with_terms")
    confirm = {
        "agreed": True, "confirmed_at": now(), "signer": SIGNER, "method": "seal", "evidence_ref": "确认书第1号",
    }  # fmt: skip
    await story.refused(422, "agreement_not_acknowledged", "sales_agent", "confirmations", confirm)
    agreed = await story.acknowledgement(
        "special_agreement", clauses=[{"clause_id": "SA-01", "text_version": "2026-01"}]
    )
    await story.done("sales_agent", "acknowledgements", agreed)
    assert (await story.read())["status"] == "awaiting_premium"
    told = {one["subject"] for one in await story.system.told("policy", story.application["id"])}
    assert {"policy.application.decided.v1", "policy.application.approved.v1"} <= told


async def _premium_from_the_own_account(
    story: ApplicationStory, clock: MovedClock, owner: dict[str, Any]
) -> dict[str, Any]:
    """The order of the acceptance; money of the salesperson is no premium of the customer."""
    move(story.system, clock, "2026-03-16T10:00")
    gate, cashier = story.system.gateway, await story.person(f"cashier@{CENTRAL}")
    found = (await gate.get(cashier, "/v1/payment-orders")).json()["items"]
    [order] = [one for one in found if one.get("application_id") == story.application["id"]]
    assert (order["kind"], order["amount"], order["status"]) == ("premium", "86000.00", "created")
    path = f"/v1/payment-orders/{order['id']}/confirmations"
    body = {"paid_at": now(), "reference": "B20260316-001", "payer": {"name": "展业员", "account": "6222020200112233"}}
    wrong = await gate.post(cashier, path, body, version=order["version"])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "payer_not_entitled"), wrong.text
    own = body | {"payer": {"name": owner["name"], "account": "6222020200445566"}}
    paid = await gate.post(cashier, path, own, version=order["version"])
    assert paid.status_code == 201, paid.text
    return order


async def _the_core_answers(story: ApplicationStory, owner: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    """The core issues under its own number and names the application; exclusions carry what was acknowledged here."""
    number = "PLL2026-32-000900"
    body = {
        "core_version": 1, "change": {"kind": "issue", "no": number}, "application_id": story.application["id"],
        "customer_core_no": owner["core_no"], "product": "public_liability", "line": "liability", "unit_code": UNIT,
        "status": "in_force", "issued_on": "2026-03-16", "starts_at": "2026-03-20T00:00:00+08:00",
        "ends_at": "2027-03-20T00:00:00+08:00", "effective_at": "2026-03-20T00:00:00+08:00", "risk_level": "medium",
        "premium": order["amount"], "premium_delta": order["amount"], "refund_amount": "0.00", "insured_count": 1,
        "exclusions": [{"clause_id": "EX-03", "text_version": "2026-01"}], "cover": COVER,
    }  # fmt: skip
    gate, core = story.system.gateway, await story.system.core()
    answer = await gate.call(core, "PUT", f"/v1/core/policies/{number}", body)
    assert answer.status_code == 200, answer.text
    await story.system.drain()
    assert (await story.read())["status"] == "issued"
    seller = await story.person("sales_agent")
    policy = (await gate.get(seller, f"/v1/policies/{answer.json()['id']}")).json()
    assert (policy["policy_no"], policy["status"], policy["premium"]) == (number, "issued", "86000.00")
    assert [one["clause_id"] for one in policy["exclusions"] if one.get("acknowledged_at")] == ["EX-03"]
    return policy


async def _what_follows(story: ApplicationStory, clock: MovedClock, policy: dict[str, Any]) -> None:
    """The policy reaches the customer with a receipt; the first inspection is due six months after inception."""
    rows = await story.system.rows("risk", select(Inspection.due_on).where(Inspection.policy_id == policy["id"]))
    assert [str(row["due_on"]) for row in rows] == ["2026-09-20"]
    move(story.system, clock, "2026-03-18T10:00")
    gate, custodian = story.system.gateway, await story.person("document_custodian")
    body = {"policy_id": policy["id"], "item": "policy", "document_no": policy["policy_no"], "method": "in_person"}
    sent = await gate.post(custodian, "/v1/deliveries", body)
    assert sent.status_code == 201, sent.text
    path = f"/v1/deliveries/{sent.json()['id']}/receipts"
    version = (await gate.get(custodian, path.removesuffix("/receipts"))).json()["version"]
    receipt = {"received_at": rfc3339(process_now()), "received_by": "陈岚", "relation": "policyholder"}
    scan = await gate.call(
        custodian, "POST", f"/v1/policies/{policy['id']}/attachments", files={"file": ("receipt.pdf", pdf())}
    )
    assert scan.status_code == 201, scan.text
    receipt |= {"receipt_attachment_id": scan.json()["id"]}
    for change, code in (
        ({"relation": "salesperson"}, "receipt_by_salesperson"),
        ({"received_at": "2026-03-15T10:00:00+08:00"}, "receipt_before_issue"),
    ):
        answer = await gate.post(custodian, path, receipt | change, version=version)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    kept = await gate.post(custodian, path, receipt, version=version)
    assert kept.status_code == 201, kept.text
    assert kept.json()["status"] == "received"
