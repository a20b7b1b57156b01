"""The insurer answers level by level: opinions, the decision, what lifts it, what it offers, who stays out."""

from __future__ import annotations

from typing import Any

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


async def test_nobody_is_sent_to_look_at_a_place_that_nobody_named(world: ApplicationWorld) -> None:
    one = await world.open(proposal(risk={}))
    answer = await one.post(LOCAL, "survey-requests", {"reason": "on request"})
    refused(answer, 422, "survey_site_missing")


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
