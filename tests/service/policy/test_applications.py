"""Applications are opened by anybody who sells or serves, filled in, completed once, submitted by the customer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.policy.application.tables import Application as Row
from shared.audit import audit_entries
from shared.clock import rfc3339
from tests.support.application_world import (
    BRANCH,
    POLICYHOLDER,
    SELLER,
    SERVICE,
    SIGNER,
    ApplicationWorld,
    accident_proposal,
    ago,
    in_days,
    period,
    person,
    proposal,
    underwriter,
)
from tests.support.tokens import actor


async def refused(world: ApplicationWorld, answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_proposal_tells_everything_that_is_missing_and_masks_who_applies(world: ApplicationWorld) -> None:
    one = await world.open({"kind": "proposal", "product": "public_liability", "customer_id": str(uuid4())})
    codes = {item["code"] for item in one.body["missing"]}
    assert {"policyholder.name", "starts_at", "risk.site", "identity", "pack", "Q01"} <= codes
    assert (one.body["status"], one.body["unit_code"], one.body["seller_staff_no"]) == (
        "draft", "320102", SELLER.staff_no,
    )  # fmt: skip
    told = await world.events("policy.application.opened.v1")
    assert [(row["kind"], row["product"]) for row in told] == [("proposal", "public_liability")]
    full = await world.open()
    assert full.body["policyholder"]["id_no"] == "913***********0000"
    assert "policyholder.name" in full.body["masked"]
    revealed = await world.policy.post(
        SELLER, f"{full.path}/reveals", {"field": "policyholder.name", "purpose": "call back"}
    )
    assert revealed.json()["value"] == POLICYHOLDER["name"]


async def test_what_is_missing_is_told_once_and_all_together(world: ApplicationWorld) -> None:
    one = await world.open(proposal(documents=[]))
    told = await one.done(SELLER, "missing-items", {"channel": "phone"})
    assert {"proposal_form", "identity", "pack"} <= {item["code"] for item in told["missing"]}
    again = await one.post(SELLER, "missing-items", {"channel": "phone"})
    await refused(world, again, 409, "missing_items_told")


async def test_of_a_complete_form_nothing_is_missing_and_nothing_is_told(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.told()
    assert (await one.read())["missing"] == []
    await refused(world, await one.post(SELLER, "missing-items", {"channel": "phone"}), 409, "nothing_missing")


async def test_a_complete_proposal_goes_to_its_underwriter(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    body = await one.read()
    assert (body["status"], body["amount"], body["missing"]) == ("in_review", "1000000.00", [])
    assert body["base_premium"] == "15636.36"
    actions = {row["action"]: row for row in body["available_actions"]}
    assert actions["withdraw"]["allowed"] is True
    assert actions["submit"]["reason"]["code"] == "state_conflict"
    assert actions["decide"]["reason"]["code"] == "action_not_permitted"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"product": "no_such_product"}, 422, "reference_not_found"),
        ({"unit_code": "320205"}, 422, "reference_not_found"),
        ({"team_code": "T99"}, 422, "validation_failed"),
        (period(-1), 422, "back_dated"),
        ({"starts_at": rfc3339(in_days(10)), "ends_at": rfc3339(in_days(9))}, 422, "validation_failed"),
        ({"starts_at": rfc3339(in_days(10)), "ends_at": rfc3339(in_days(800))}, 422, "validation_failed"),
        ({"requested_cover": {"sum_insured": "1.00"}}, 422, "validation_failed"),
        ({"requested_cover": {"limit_per_accident": "100000.00"}}, 422, "validation_failed"),
        ({"seller_staff_no": "S-NOBODY"}, 422, "reference_not_found"),
    ],
)
async def test_what_cannot_be_applied_for(
    world: ApplicationWorld, change: dict[str, Any], status: int, code: str
) -> None:
    await refused(world, await world.try_open(proposal(**change)), status, code)
    assert await world.policy.rows(Row.__table__) == []
    assert await world.policy.rows(audit_entries) == []


async def test_only_a_unit_that_operates_takes_an_application(world: ApplicationWorld) -> None:
    who = actor("service_agent", BRANCH)
    answer = await world.try_open(proposal(), who)
    await refused(world, answer, 422, "validation_failed")
    assert answer.json()["errors"][0]["code"] == "unit_does_not_operate"


async def test_a_neighbour_sees_and_changes_nothing(world: ApplicationWorld) -> None:
    one = await world.open()
    other = actor("sales_agent", "00.32.3202.320205")
    assert (await world.policy.get(other, one.path)).status_code == 404
    change = await world.policy.call(other, "PATCH", one.path, {"insured_count": 3}, version=1)
    assert change.status_code == 404
    listed = (await world.policy.get(other, "/v1/applications")).json()
    assert listed["items"] == []
    assert len((await world.policy.get(SELLER, "/v1/applications?status=draft")).json()["items"]) == 1


async def test_a_changed_form_is_told_anew(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.disclose()
    assert (await one.read())["status"] == "disclosed"
    answer = await world.policy.call(
        SELLER, "PATCH", one.path, {"requested_cover": {"limit_per_accident": "1500000.00"}},
        version=one.body["version"],
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["amount"]) == ("draft", "1500000.00")
    stale = await world.policy.call(SELLER, "PATCH", one.path, {"insured_count": 1}, version=1)
    assert stale.status_code == 412


async def test_a_blank_form_is_not_signed(world: ApplicationWorld) -> None:
    one = await world.open({"kind": "proposal", "product": "public_liability", "customer_id": str(uuid4())})
    await refused(world, await one.submit(), 422, "blank_signed_form")


async def test_an_incomplete_form_is_told_in_one_list(world: ApplicationWorld) -> None:
    one = await world.open(proposal(documents=[], risk={}))
    await one.told()
    answer = await one.submit()
    await refused(world, answer, 422, "application_incomplete")
    assert {"risk.site", "proposal_form", "identity"} <= {row["code"] for row in answer.json()["missing"]}
    assert (await one.read())["status"] == "disclosed"


async def test_the_customer_signs_and_nobody_for_him(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.told()
    for signer in ({"role": "sales_agent", "name": "甲"}, SIGNER | {"staff_no": SELLER.staff_no}):
        await refused(world, await one.submit(signer=signer), 422, "signed_for_customer")
    late = await one.submit(signed_at=rfc3339(in_days(1)))
    await refused(world, late, 422, "occurred_in_future")


async def test_an_employer_is_no_beneficiary_of_its_employees(world: ApplicationWorld) -> None:
    heir = [{"name": "云泽建工", "relation": "employer"}]
    answer = await world.try_open(accident_proposal([person(beneficiaries=heir)]))
    await refused(world, answer, 422, "employer_beneficiary")
    assert answer.json()["refs"] == "P-1"


async def test_death_cover_needs_each_persons_consent(world: ApplicationWorld) -> None:
    one = await world.open(accident_proposal([person("P-1"), person("P-2")]))
    await one.told()
    await one.consent("P-1")
    answer = await one.submit()
    await refused(world, answer, 422, "death_consent_missing")
    assert answer.json()["refs"] == "P-2"
    seal = await one.acknowledge(
        "death_cover_consent", clauses=[], insured_refs=["P-2"], signer={"role": "policyholder", "name": "云泽建工"}
    )
    await refused(world, seal, 422, "consent_not_by_insured")
    await one.consent("P-2")
    accepted = await one.submit()
    assert accepted.status_code == 201, accepted.text
    assert accepted.json()["base_premium"] == "365.00"


def pupil(**changes: Any) -> dict[str, Any]:
    body = person("P-1", relation="child", beneficiaries=[], occupation_class=None)
    return body | {"id_no": "32010120180601001X", "born_on": None} | changes


def student_proposal(listed: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    today = ago()[:10]
    codes = ("proposal_form", "guardian_identity", "student_identity")
    documents = [{"code": code, "received_on": today} for code in codes]
    return accident_proposal(listed, product="student_accident", documents=documents) | changes


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        (pupil(sum_insured="200000.01"), "minor_cap_exceeded"),
        (pupil(id_no="32010120120601001X", sum_insured="500000.01"), "minor_cap_exceeded"),
        (pupil(relation="student", sum_insured="100000.00"), "minor_cover_by_other"),
        (pupil(relation="other"), "no_insurable_interest"),
    ],
)
async def test_minors_are_covered_within_the_caps_and_by_their_parents(
    world: ApplicationWorld, listed: dict[str, Any], code: str
) -> None:
    one = await world.open(student_proposal([listed]))
    await one.told()
    await refused(world, await one.submit(), 422, code)


async def test_a_child_up_to_the_cap_is_covered_by_its_parents_without_its_consent(world: ApplicationWorld) -> None:
    one = await world.open(student_proposal([pupil(sum_insured="200000.00")]))
    assert (await one.submitted()).body["issued_by"] == "anlan"
    assert (await one.read())["insured_persons"][0]["born_on"] == "2018-06-01"


async def test_what_was_taken_back_ends_and_is_told(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    answer = await one.post(SERVICE, "withdrawals", {"reason": "the customer bought elsewhere"})
    assert (answer.status_code, answer.json()["status"]) == (201, "withdrawn")
    told = await world.events("policy.application.decided.v1")
    assert [(row["outcome"], row["reason_code"]) for row in told] == [("withdrawn", "customer_withdrew")]
    again = await one.post(SERVICE, "withdrawals", {"reason": "the customer bought elsewhere"})
    await refused(world, again, 409, "state_conflict")


async def test_an_underwriter_opens_nothing(world: ApplicationWorld) -> None:
    answer = await world.try_open(proposal(), underwriter("00.32.3201"))
    await refused(world, answer, 403, "action_not_permitted")
