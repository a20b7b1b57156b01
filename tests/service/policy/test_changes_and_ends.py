"""Applications for changes and ends: by the policyholder, on a policy in force, decided on their own ladders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.policy.application.tables import Application as Row
from shared.clock import legal_day, rfc3339
from tests.support.application_world import (
    ABOVE,
    LOCAL,
    SELLER,
    Application,
    ApplicationWorld,
    ago,
    in_days,
    underwriter,
)
from tests.support.tokens import actor

CORE = actor("core_system", "00.32", name="core")


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def policy_of(world: ApplicationWorld, product: str = "public_liability", **changes: Any) -> dict[str, Any]:
    """A policy from the core that began 100 days ago, paid 73,000 yuan for the year."""
    number, start = f"PLL-{uuid4().hex[:8]}", in_days(-100)
    cover = {"limit_per_accident": "1000000.00", "aggregate_limit": "2000000.00", "limit_per_person": "500000.00"}
    body = {
        "core_version": 1, "change": {"kind": "issue", "no": number}, "customer_core_no": "C0001", "product": product,
        "line": "liability", "unit_code": "320102", "status": "in_force", "issued_on": legal_day(start).isoformat(),
        "starts_at": rfc3339(start), "ends_at": rfc3339(start + timedelta(days=365)), "effective_at": rfc3339(start),
        "premium": "73000.00", "premium_delta": "73000.00", "refund_amount": "0.00", "insured_count": 1, "cover": cover,
    }  # fmt: skip
    answer = await world.policy.call(CORE, "PUT", f"/v1/core/policies/{number}", body | changes)
    assert answer.status_code == 200, answer.text
    return (await world.policy.get(SELLER, f"/v1/policies/{answer.json()['id']}")).json()


def documents(*codes: str) -> list[dict[str, str]]:
    return [{"code": code, "received_on": ago()[:10]} for code in codes]


def cancellation(policy: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body = {
        "kind": "cancellation", "policy_id": policy["id"],
        "change": {"kind": "cancel", "notice_received_at": ago(5), "reason": "the shop is closed"},
        "documents": documents("cancellation_form", "identity", "account"),
    }  # fmt: skip
    return body | changes


def endorsement(policy: dict[str, Any], **changes: Any) -> dict[str, Any]:
    change = {
        "kind": "cover", "effective_on": in_days(5).date().isoformat(), "reason": "a second shop",
        "cover": {"limit_per_accident": "1500000.00"},
    }  # fmt: skip
    body = {"kind": "endorsement", "policy_id": policy["id"], "change": change,
            "documents": documents("endorsement_form")}  # fmt: skip
    return body | changes


async def test_a_cancellation_is_quoted_when_it_is_submitted_and_decided_on_the_refund(
    world: ApplicationWorld,
) -> None:
    one = await world.open(cancellation(await policy_of(world)))
    assert (one.body["status"], one.body["unit_code"]) == ("applied", "320102")
    submitted = await one.submit()
    assert submitted.status_code == 201, submitted.text
    body = await one.read()
    assert (body["status"], body["premium"]) == ("quoted", "-53000.00")
    assert "265/365" in str(body["terms"]["computation"])
    declined = await one.act(LOCAL, "decline", amount="53000.00", reason_code="capacity", reason="we want to keep it")
    refused(declined, 422, "cancellation_not_declined")
    accepted = await one.act(LOCAL, amount="53000.00")
    assert accepted.status_code == 201, accepted.text
    assert accepted.json()["application"]["status"] == "accepted"


async def test_an_open_claim_neither_refuses_nor_holds_a_cancellation(world: ApplicationWorld) -> None:
    policy = await policy_of(world)
    claim = {
        "claim_id": str(uuid4()), "claim_no": "C2026-32-000009", "policy_id": policy["id"],
        "customer_id": policy["customer_id"], "line": "liability", "loss_at": ago(600), "reported_at": ago(500),
        "injured_count": 1, "death_count": 0,
    }  # fmt: skip
    await world.hear("claims.claim.reported.v1", claim)
    one = await world.open(cancellation(policy))
    assert (await one.submit()).status_code == 201
    assert (await one.act(LOCAL, amount="53000.00")).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"customer_id": str(uuid4())}, 422, "not_the_policyholder"),
        ({"applicant": {"role": "other", "name": "甲"}}, 422, "not_the_policyholder"),
        ({"applicant": {"role": "authorised_person", "name": "甲"}}, 422, "not_the_policyholder"),
        ({"policy_id": str(uuid4())}, 422, "reference_not_found"),
        ({"policy_id": None}, 422, "validation_failed"),
        (
            {"change": {"kind": "cancel", "notice_received_at": rfc3339(in_days(1)), "reason": "x"}},
            422, "occurred_in_future",
        ),
        (
            {
                "change": {
                    "kind": "cancel", "notice_received_at": ago(5), "reason": "x",
                    "effective_on": in_days(-2).date().isoformat(),
                }
            },
            422, "validation_failed",
        ),
    ],
)  # fmt: skip
async def test_who_does_not_end_a_policy_and_how_not(
    world: ApplicationWorld, change: dict[str, Any], status: int, code: str
) -> None:
    policy = await policy_of(world)
    refused(await world.try_open(cancellation(policy, **change)), status, code)
    assert await world.policy.rows(Row.__table__) == []


async def test_compulsory_work_safety_cover_ends_with_proof_of_closure_only(world: ApplicationWorld) -> None:
    cover = {"limit_per_person": "400000.00", "limit_per_accident": "2000000.00", "aggregate_limit": "2000000.00"}
    policy = await policy_of(world, "work_safety_liability", cover=cover)
    refused(await world.try_open(cancellation(policy)), 409, "compulsory_cover")
    assert await world.policy.rows(Row.__table__) == []
    proof = {"kind": "closure", "reference": "应急闭〔2026〕9号"}
    body = cancellation(policy)
    body["change"] |= {"proof": proof}
    body["documents"] += documents("closure_proof")
    one = await world.open(body)
    assert (await one.submit()).status_code == 201


async def test_one_cancellation_of_a_policy_at_a_time(world: ApplicationWorld) -> None:
    policy = await policy_of(world)
    first = await world.open(cancellation(policy))
    second = await world.try_open(cancellation(policy))
    refused(second, 409, "application_open")
    assert second.json()["application_id"] == first.body["id"]


async def test_a_policy_that_ended_is_neither_changed_nor_ended(world: ApplicationWorld) -> None:
    policy = await policy_of(world, ends_at=rfc3339(in_days(-1)))
    for body in (cancellation(policy), endorsement(policy)):
        refused(await world.try_open(body), 409, "policy_not_in_force")


async def test_a_change_is_decided_on_the_cover_that_would_hold(world: ApplicationWorld) -> None:
    one = await world.open(endorsement(await policy_of(world)))
    assert one.body["amount"] == "1500000.00"
    assert (await one.submit()).status_code == 201
    assert (await one.read())["status"] == "in_review"
    terms = {"rate_factor": "1.10"}
    refused(await one.act(LOCAL, "accept_with_terms", terms=terms), 422, "validation_failed")
    accepted = await one.act(LOCAL)
    assert accepted.status_code == 201, accepted.text
    assert accepted.json()["application"]["status"] == "approved"
    told = (await world.events("policy.application.approved.v1"))[0]
    assert (told["kind"], told["change"]["cover"]["limit_per_accident"]) == ("endorsement", "1500000.00")


async def test_a_change_beyond_the_central_branch_goes_up(world: ApplicationWorld) -> None:
    policy = await policy_of(world)
    body = endorsement(policy)
    body["change"]["cover"] = {"limit_per_accident": "2000000.01"}
    one = await world.open(body)
    assert (await one.submit()).status_code == 201
    refused(await one.act(LOCAL), 403, "authority_exceeded")
    assert (await one.act(LOCAL, kind="opinions")).status_code == 201
    declined = await one.act(ABOVE, "decline", reason_code="capacity", reason="too much in one place")
    assert declined.json()["application"]["status"] == "rejected"


async def test_a_change_is_not_back_dated_and_stays_within_the_product(world: ApplicationWorld) -> None:
    policy = await policy_of(world)
    body = endorsement(policy)
    body["change"]["effective_on"] = in_days(-1).date().isoformat()
    refused(await world.try_open(body), 422, "back_dated")
    body["change"] |= {"effective_on": in_days(1).date().isoformat(), "cover": {"sum_insured": "1.00"}}
    refused(await world.try_open(body), 422, "validation_failed")


async def test_a_blank_change_is_not_signed(world: ApplicationWorld) -> None:
    policy = await policy_of(world)
    one = await world.open({"kind": "endorsement", "policy_id": policy["id"]})
    refused(await one.submit(), 422, "blank_signed_form")


async def test_proposals_alone_are_disclosed_and_surveyed(world: ApplicationWorld) -> None:
    one: Application = await world.open(endorsement(await policy_of(world)))
    pack = {"channel": "visit", "delivered_at": ago(1), "proof": "回执第1号"}
    refused(await one.post(SELLER, "disclosures", pack), 409, "only_for_proposals")
    asked = await one.post(underwriter("00.32.3201"), "survey-requests", {"reason": "let us look"})
    refused(asked, 409, "only_for_proposals")
