"""The insurer answers level by level: opinions, the decision, what lifts it, what it offers, who stays out."""

from __future__ import annotations

from typing import Any

import pytest

from services.policy.underwriting.tables import UnderwritingStep
from shared.audit import audit_entries
from shared.clock import process_now, rfc3339
from shared.outbox import outbox
from shared.work_items import work_items
from tests.support.application_world import (
    ABOVE,
    BRANCH,
    CENTRAL,
    LOCAL,
    SELLER,
    SIGNER,
    TOP,
    Application,
    ApplicationWorld,
    accident_proposal,
    ago,
    person,
    proposal,
    underwriter,
)
from tests.support.tokens import actor

LARGE = {"limit_per_accident": "5000000.00", "aggregate_limit": "10000000.00"}


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def large(world: ApplicationWorld, **answers: str) -> Application:
    """A proposal of five million, surveyed and assessed, before its first underwriter."""
    one = await world.open(proposal(requested_cover=LARGE))
    await one.submitted(**answers)
    await one.surveyed()
    return one


async def test_the_central_branch_decides_up_to_its_limit(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    answer = await one.act(LOCAL)
    assert answer.status_code == 201, answer.text
    assert answer.json()["premium"] == "15636.36"
    body = await one.read()
    assert (body["status"], body["outcome"], body["terms"]["rate_factor"]) == ("awaiting_premium", "accepted", "1")
    approved = (await world.events("policy.application.approved.v1"))[0]
    assert (approved["premium"], approved["cover"]["limit_per_accident"]) == ("15636.36", "1000000.00")
    decided = (await world.events("policy.application.decided.v1"))[0]
    assert (decided["outcome"], decided["level"], decided["unit_code"]) == ("accepted", "central_branch", "320102")


async def test_five_million_takes_an_opinion_below_and_the_branch_decides(world: ApplicationWorld) -> None:
    one = await large(world)
    refused(await one.act(LOCAL), 403, "authority_exceeded")
    refused(await one.act(ABOVE), 409, "wrong_step")
    assert await world.policy.rows(UnderwritingStep.__table__) == []
    opinion = await one.act(LOCAL, kind="opinions", reason="a well kept shop")
    assert opinion.status_code == 201, opinion.text
    assert (await one.read())["status"] == "referred_up"
    chain = (await world.policy.get(ABOVE, f"{one.path}/approval")).json()
    assert [(step["level"], step["kind"], step["status"]) for step in chain["steps"]] == [
        ("central_branch", "opinion", "done"), ("branch", "decision", "open"),
    ]  # fmt: skip
    refused(await one.act(underwriter(CENTRAL, "another"), kind="opinions"), 409, "wrong_step")
    assert (await one.act(ABOVE)).status_code == 201
    steps = await world.policy.rows(UnderwritingStep.__table__)
    assert sorted((step["kind"], step["outcome"]) for step in steps) == [
        ("decision", "approve"), ("opinion", "approve"),
    ]  # fmt: skip


async def test_a_branchs_own_unit_gives_an_opinion_and_the_branch_decides(world: ApplicationWorld) -> None:
    local = "00.32.3200"
    seller = actor("sales_agent", local, name="local seller", kind="branch_local")
    opened = await world.policy.post(seller, "/v1/applications", proposal())
    assert opened.status_code == 201, opened.text
    one = await Application(world, opened.json(), seller, seller).submitted()
    there = actor("underwriter", local, kind="branch_local", limits=[("underwriting_limit", "liability", "0.00")])
    answer = await one.act(there)
    refused(answer, 403, "authority_exceeded")
    assert (await one.act(there, kind="opinions")).status_code == 201
    assert (await one.act(ABOVE)).status_code == 201


async def test_whoever_sells_enters_or_surveys_does_not_underwrite(world: ApplicationWorld) -> None:
    surveyor = underwriter(CENTRAL, "surveyed it")
    one = await world.open(proposal(requested_cover=LARGE))
    await one.submitted()
    await one.surveyed(by=surveyor.person_id)
    answer = await one.act(surveyor, kind="opinions")
    refused(answer, 403, "separation_of_duties")
    assert answer.json()["conflicting_duty"] == "surveyor"
    same = underwriter(CENTRAL, "seller")
    sold = await one.act(same, kind="opinions")
    refused(sold, 403, "separation_of_duties")
    entries = [row for row in await world.policy.rows(audit_entries) if row["outcome"] == "refused"]
    assert len(entries) == 2
    both = await one.act(LOCAL, kind="opinions")
    assert both.status_code == 201
    twice = await one.act(underwriter(BRANCH, f"underwriter@{CENTRAL}"))
    refused(twice, 403, "separation_of_duties")


async def test_a_survey_is_asked_for_and_waited_for(world: ApplicationWorld) -> None:
    one = await (await world.open(proposal(requested_cover=LARGE))).submitted()
    body = await one.read()
    assert (body["status"], body["survey"]["reasons"]) == ("survey_required", ["high_limit"])
    told = (await world.events("policy.survey.requested.v1"))[0]
    assert (told["reasons"], told["site"], told["seller_id"]) == (
        ["high_limit"], "云泽市临港路1号", str(SELLER.person_id),
    )  # fmt: skip
    big = underwriter("00", "of head office")
    refused(await one.act(LOCAL, kind="opinions"), 409, "state_conflict")
    refused(await one.act(big), 409, "wrong_step")
    await one.surveyed()
    assert (await one.read())["status"] == "surveyed"


async def test_cover_is_not_bound_on_an_old_survey_or_without_an_assessment(world: ApplicationWorld) -> None:
    one = await world.open(proposal(requested_cover=LARGE))
    await one.submitted()
    await one.surveyed(days_ago=91)
    assert (await one.act(LOCAL, kind="opinions")).status_code == 201
    answer = await one.act(ABOVE)
    refused(answer, 409, "survey_outdated")
    assert answer.json()["valid_days"] == 90
    other = await (await world.open(proposal(requested_cover=LARGE))).submitted()
    at = ago(60)
    survey = {
        "inspection_id": other.body["id"], "application_id": other.body["id"], "customer_id": other.body["customer_id"],
        "risk_level": "low", "hazards": {}, "inspector_id": one.body["id"], "inspected_at": at,
    }  # fmt: skip
    await world.hear("risk.inspection.completed.v1", survey)
    assert (await other.act(LOCAL, kind="opinions")).status_code == 201
    refused(await other.act(ABOVE), 409, "assessment_missing")


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


async def test_a_decline_has_its_reason_and_shows_in_the_figures(world: ApplicationWorld) -> None:
    for outcome in ("accept", "decline", "decline"):
        one = await (await world.open()).submitted()
        reason = {} if outcome == "accept" else {"reason_code": "loss_record", "reason": "four losses"}
        assert (await one.act(LOCAL, outcome, **reason)).status_code == 201
    by_unit = (await world.policy.get(LOCAL, "/v1/applications/statistics?group_by=unit")).json()["items"]
    assert [(row["unit_code"], row["decided"], row["declined"], row["decline_rate"]) for row in by_unit] == [
        ("320102", 3, 2, "0.6667")
    ]
    by_reason = (await world.policy.get(LOCAL, "/v1/applications/statistics?group_by=reason_code")).json()["items"]
    assert {row.get("reason_code"): row["declined"] for row in by_reason} == {"loss_record": 2, None: 0}
    assert (await world.policy.get(LOCAL, "/v1/applications/statistics?group_by=x")).status_code == 422


async def test_material_answers_are_acted_on_or_the_reason_is_given(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.submitted(Q03="no")
    await one.surveyed()
    answer = await one.act(LOCAL)
    refused(answer, 422, "material_answers_unanswered")
    assert answer.json()["questions"] == "Q03"
    assert (await one.act(LOCAL, reason="the filing came last week")).status_code == 201


async def test_what_lifts_a_decision_above_its_amount(world: ApplicationWorld) -> None:
    """An insurer that declined before refers it one level up; ceded risks are the head office's."""
    one = await (await world.open()).submitted(Q06="yes")
    refused(await one.act(LOCAL), 403, "below_required_level")
    chain = (await world.policy.get(LOCAL, f"{one.path}/approval")).json()
    assert (chain["triggers"], chain["levels_up"]) == (["material_answer"], 1)
    ceded = proposal(risk={"industry": "retail", "site": "云泽市", "reinsured": True})
    two = await (await world.open(ceded)).submitted()
    assert (await two.act(LOCAL, kind="opinions")).status_code == 201
    refused(await two.act(ABOVE), 403, "below_required_level")
    assert (await two.act(ABOVE, kind="opinions")).status_code == 201
    assert (await two.act(TOP)).status_code == 201


async def test_an_open_hazard_and_a_dangerous_trade_refer_it_up(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    hazard = {"hazard_id": one.body["id"], "customer_id": one.body["customer_id"], "class": "high"}
    await world.hear("risk.hazard.closed.v1", hazard | {"hazard_id": one.body["customer_id"]})
    await world.hear("risk.hazard.found.v1", hazard | {"hazard_id": one.body["customer_id"]})
    assert (await world.policy.get(LOCAL, f"{one.path}/approval")).json()["triggers"] == []
    await world.hear("risk.hazard.found.v1", hazard)
    refused(await one.act(LOCAL), 403, "below_required_level")
    await world.hear("risk.hazard.closed.v1", hazard)
    assert (await one.act(LOCAL)).status_code == 201


async def test_a_high_occupation_class_is_no_matter_of_the_central_branch(world: ApplicationWorld) -> None:
    one = await world.open(accident_proposal([person(occupation_class=4)]))
    await one.told()
    await one.consent("P-1")
    assert (await one.submit()).status_code == 201
    refused(await one.act(LOCAL), 403, "below_required_level")
    assert (await one.act(LOCAL, kind="opinions")).status_code == 201
    done = await one.act(ABOVE)
    assert (done.status_code, done.json()["premium"]) == (201, "273.75")


async def test_a_return_goes_one_step_back(world: ApplicationWorld) -> None:
    one = await large(world)
    assert (await one.act(LOCAL, kind="opinions")).status_code == 201
    back = await one.act(ABOVE, "return", reason_code="opinion_insufficient", reason="say more")
    assert back.json()["application"]["status"] == "in_review"
    items = [row for row in await world.policy.rows(work_items) if row["closed_at"] is None]
    assert [(row["kind"], row["unit_code"]) for row in items if row["kind"] == "underwrite"] == [("underwrite", "3201")]
    assert (await one.act(LOCAL, kind="opinions")).status_code == 201
    assert (await one.act(ABOVE)).status_code == 201


async def test_a_refused_answer_leaves_nothing_behind(world: ApplicationWorld) -> None:
    one = await large(world)
    before = len(await world.policy.rows(outbox))
    refused(await one.act(LOCAL), 403, "authority_exceeded")
    refused(await one.act(LOCAL, "decline", "opinions"), 422, "reason_required")
    dry = await one.post(LOCAL, "opinions?dry_run=true", {"outcome": "accept", "amount": "5000000.00"})
    assert dry.status_code == 200, dry.text
    assert len(await world.policy.rows(outbox)) == before
    entries = [row for row in await world.policy.rows(audit_entries) if row["outcome"] == "refused"]
    assert len(entries) == 1
    assert rfc3339(process_now()) > (await one.read())["submitted_at"]
