"""Terms of an answer: factor, changed cover, special agreements, and the customer's own answer to them."""

from __future__ import annotations

from typing import Any

import pytest

from services.policy.underwriting.tables import UnderwritingStep
from tests.support.application_world import (
    ABOVE,
    LOCAL,
    SELLER,
    SIGNER,
    Application,
    ApplicationWorld,
    ago,
    proposal,
)

LARGE = {"limit_per_accident": "5000000.00", "aggregate_limit": "10000000.00"}


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def large(world: ApplicationWorld, **answers: str) -> Application:
    """A proposal of five million, surveyed and assessed, before its first underwriter."""
    one = await world.open(proposal(requested_cover=LARGE))
    await one.submitted(**answers)
    await one.surveyed()
    return one


async def test_terms_hold_once_the_customer_acknowledged_the_special_agreement(world: ApplicationWorld) -> None:
    one = await large(world)
    await one.act(LOCAL, "accept_with_terms", "opinions", terms={"rate_factor": "1.10"}, reason="fire exits")
    terms = {"rate_factor": "1.10", "agreements": [{"code": "SA-01"}]}
    decided = await one.act(ABOVE, "accept_with_terms", terms=terms, reason="fire exits")
    assert decided.status_code == 201, decided.text
    assert (decided.json()["premium"], decided.json()["application"]["status"]) == ("86000.00", "approved_with_terms")
    assert await world.events("policy.application.approved.v1") == []
    early = await one.post(SELLER, "confirmations", confirmation())
    refused(early, 422, "agreement_not_acknowledged")
    agreed = [{"clause_id": "SA-01", "text_version": "2026-01"}]
    answer = await one.acknowledge("special_agreement", clauses=agreed, acknowledged_at=ago())
    assert answer.status_code == 201, answer.text
    assert (await one.read())["confirmed_at"] is not None
    assert (await world.events("policy.application.approved.v1"))[0]["premium"] == "86000.00"


def confirmation(**changes: Any) -> dict[str, Any]:
    body = {"agreed": True, "confirmed_at": ago(), "signer": SIGNER, "method": "seal", "evidence_ref": "确认书第1号"}
    return body | changes


async def test_an_agreement_that_widens_exclusions_is_acknowledged_as_one(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    assert (await one.act(LOCAL, "return", reason_code="form_incomplete", reason="try again")).status_code == 201
    await one.read()
    assert one.body["status"] == "returned"
    assert (await one.submit()).status_code == 201
    own = {
        "code": "SX-01",
        "title": {"zh": "除外", "en": "Excluded"},
        "text": "游泳池除外。",
        "widens_exclusions": True,
    }
    terms = {"agreements": [own]}
    assert (await one.act(LOCAL, "accept_with_terms", "opinions", terms=terms)).status_code == 201
    decided = await one.act(ABOVE, "accept_with_terms", terms=terms)
    assert decided.status_code == 201, decided.text
    assert "agreement_outside_library" in decided.json()["triggers"]
    text_version = (await one.read())["terms"]["agreements"][0]["text_version"]
    key = [{"clause_id": "SX-01", "text_version": text_version}]
    for kind in ("special_agreement", "exclusions"):
        refused(await one.post(SELLER, "confirmations", confirmation()), 422, "agreement_not_acknowledged")
        answer = await one.acknowledge(kind, clauses=key, acknowledged_at=ago())
        assert answer.status_code == 201, answer.text
    assert (await one.read())["status"] == "awaiting_premium"


async def test_a_counter_offer_waits_for_the_customers_own_answer(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    terms = {"cover": {"limit_per_accident": "800000.00"}}
    assert (await one.act(LOCAL, "counter_offer", terms=terms)).status_code == 201
    assert (await one.read())["premium"] == "12509.09"
    refused(await one.post(SELLER, "confirmations", confirmation(signer=SIGNER | {"staff_no": "S"})), 422,
            "signed_for_customer")  # fmt: skip
    no = await one.post(SELLER, "confirmations", confirmation(agreed=False))
    assert (no.status_code, no.json()["status"]) == (201, "withdrawn")
    outcomes = [row["outcome"] for row in await world.events("policy.application.decided.v1")]
    assert outcomes == ["counter_offered", "withdrawn"]


@pytest.mark.parametrize(
    ("outcome", "changes", "status", "code"),
    [
        ("decline", {"reason": "too risky"}, 422, "reason_required"),
        ("decline", {"reason_code": "loss_record"}, 422, "reason_required"),
        ("return", {"reason_code": "loss_record", "reason": "no"}, 422, "reason_required"),
        ("accept_with_terms", {}, 422, "validation_failed"),
        ("accept", {"terms": {"rate_factor": "1.10"}}, 422, "validation_failed"),
        ("accept_with_terms", {"terms": {"rate_factor": "1.51"}}, 422, "rate_outside_filed_range"),
        ("accept_with_terms", {"terms": {"agreements": [{"code": "ZZ-99"}]}}, 422, "validation_failed"),
        ("counter_offer", {"terms": {"cover": {"sum_insured": "1.00"}}}, 422, "validation_failed"),
        ("accept", {"amount": "999999.00"}, 409, "underwriting_amount_differs"),
    ],
)
async def test_which_answers_are_refused(
    world: ApplicationWorld, outcome: str, changes: dict[str, Any], status: int, code: str
) -> None:
    one = await (await world.open()).submitted()
    refused(await one.act(LOCAL, outcome, **changes), status, code)
    assert await world.policy.rows(UnderwritingStep.__table__) == []
    assert (await one.read())["status"] == "in_review"


async def test_material_answers_are_acted_on_or_the_reason_is_given(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.submitted(Q03="no")
    await one.surveyed()
    answer = await one.act(LOCAL)
    refused(answer, 422, "material_answers_unanswered")
    assert answer.json()["questions"] == "Q03"
    assert (await one.act(LOCAL, reason="the filing came last week")).status_code == 201
