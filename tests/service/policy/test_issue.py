"""An accepted proposal becomes a policy: its premium, its number, its first version, its list."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from services.policy.payment_order.handlers import TICKS
from services.policy.policy.tables import Base
from services.policy.underwriting.tables import PremiumReceipt
from shared.clock import process_now
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support import contract_world as world
from tests.support.contract_world import LIABILITY, UNDERWRITER
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor


async def subjects(policy: ServiceUnderTest) -> list[str]:
    return [row["subject"] for row in await policy.rows(kernel.tables["outbox"])]


async def test_an_accepted_proposal_asks_for_its_premium_once_and_becomes_a_policy(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy, people=world.persons(1, 2))
    await world.accept(policy, row)
    await world.accept(policy, row)
    [order] = await world.orders(policy, application_id=row.id)
    assert (order["kind"], order["direction"], order["amount"]) == ("premium", "in", "36500.00")
    answer = await world.issue(policy, row)
    assert answer.status_code == 201, answer.text
    out = answer.json()
    assert out["policy_no"].startswith("APA")
    assert out["policy_no"].endswith("-32-000001")
    assert (out["insured_count"], out["application"]["status"]) == (2, "issued")
    told = [one["event"]["data"] for one in await policy.rows(kernel.tables["outbox"])]
    version = next(one for one in told if "policy_version" in one and "cover" in one)
    assert version["underwriter_id"] == str(UNDERWRITER.person_id)
    assert version["exclusions"][0]["acknowledged_at"]
    assert (version["imported"], version["change_kind"], version["premium_delta"]) == (False, "issue", "36500.00")
    assert "policy.insured.listed.v1" in await subjects(policy)
    [order] = await world.orders(policy, application_id=row.id)
    assert order["policy_no"] == out["policy_no"]


async def test_a_list_of_twelve_hundred_is_told_in_parts_of_at_most_five_hundred(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    await world.issued(policy, people=world.persons(*range(1, 1201)))
    told = [
        one["event"]["data"] for one in await policy.rows(kernel.tables["outbox"], subject="policy.insured.listed.v1")
    ]
    assert sorted((one["part"], one["parts"], len(one["entries"])) for one in told) == [
        (1, 3, 500), (2, 3, 500), (3, 3, 200),
    ]  # fmt: skip
    assert len({entry["insured_ref"] for one in told for entry in one["entries"]}) == 1200


async def test_numbers_have_no_gap_when_issues_collide_or_are_refused(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    rows = [await world.application(policy, LIABILITY, acknowledged=n != 3) for n in range(6)]
    answers = await asyncio.gather(*(world.issue(policy, row) for row in rows))
    assert sorted(one.status_code for one in answers) == [201] * 5 + [422]
    numbers = sorted(one["policy_no"] for one in await policy.rows(Base.metadata.tables["policies"]))
    assert [int(one[-6:]) for one in numbers] == [1, 2, 3, 4, 5]


async def test_a_product_that_wants_its_premium_first_is_not_issued_unpaid(policy: ServiceUnderTest) -> None:
    await world.own_products(policy, cash_before_cover=True)
    row = await world.application(policy)
    await world.accept(policy, row)
    refused = await world.issue(policy, row)
    assert (refused.status_code, refused.json()["code"]) == (409, "premium_unpaid")
    assert await policy.rows(Base.metadata.tables["policies"]) == []
    await world.pay(policy, row.id)
    items = await policy.rows(kernel.tables["work_items"], kind="issue_policy")
    assert len(items) == 1
    assert (await world.issue(policy, row)).status_code == 201


async def test_exclusions_that_nobody_acknowledged_in_this_wording_stop_the_issue(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy, acknowledged=False)
    refused = await world.issue(policy, row)
    assert (refused.status_code, refused.json()["code"]) == (422, "issue_without_acknowledgement")
    assert "EX-11" in refused.json()["detail"]


async def test_cover_never_begins_before_it_is_issued(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy, starts_at=world.day(0), ends_at=world.day(365))
    refused = await world.issue(policy, row)
    assert (refused.status_code, refused.json()["code"]) == (422, "back_dated")
    later = await world.issue(policy, row, {"starts_at": world.day(2).isoformat()})
    assert later.status_code == 201
    assert later.json()["ends_at"] == world.day(367).isoformat()


async def test_who_sold_it_does_not_issue_it(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy, seller_id=UNDERWRITER.person_id)
    refused = await world.issue(policy, row)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")


async def test_what_is_not_approved_or_issued_already_is_not_issued(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy, status="in_review")
    refused = await world.issue(policy, row)
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")
    other = await world.application(policy, kind="endorsement")
    wrong = await world.issue(policy, other)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_this_kind_of_application")


async def test_what_the_core_issues_gets_no_number_here(policy: ServiceUnderTest) -> None:
    await world.own_products(policy, issued_by="core")
    row = await world.application(policy, issued_by="core")
    refused = await world.issue(policy, row)
    assert (refused.status_code, refused.json()["code"]) == (409, "mastered_by_core")


async def test_a_trial_issues_nothing_and_takes_no_number(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy)
    tried = await world.issue(policy, row, params={"dry_run": "true"})
    assert tried.status_code == 200, tried.text
    assert (await world.issue(policy, row)).json()["policy_no"].endswith("000001")


async def test_another_unit_finds_nothing_to_issue(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy)
    other: Any = actor("underwriter", "00.32.3201")
    assert (await world.issue(policy, row, who=other)).status_code == 404


async def test_what_came_before_the_decision_is_taken_off_what_is_asked_for(policy: ServiceUnderTest) -> None:
    await world.own_products(policy, cash_before_cover=True)
    part, whole = [await world.application(policy) for _ in range(2)]
    async with policy.db.transaction(UNDERWRITER) as tx:
        for row, amount in ((part, "30000.00"), (whole, "36500.00")):
            receipt = PremiumReceipt(
                application_id=row.id, org_path=row.org_path, amount=Decimal(amount), received_at=process_now(),
                reference="R-0", alarmed_at=None, person_id=UNDERWRITER.person_id,
            )  # fmt: skip
            tx.add(receipt)
    await world.accept(policy, part)
    await world.accept(policy, whole)
    [order] = await world.orders(policy, application_id=part.id)
    assert order["amount"] == "6500.00"
    assert await world.orders(policy, application_id=whole.id) == []
    assert (await world.issue(policy, part)).json()["code"] == "premium_unpaid"
    assert (await world.issue(policy, whole)).status_code == 201


async def test_what_was_asked_for_an_application_that_ended_is_taken_back(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    row = await world.application(policy)
    await world.accept(policy, row)
    async with policy.db.transaction(UNDERWRITER) as tx:
        await tx.execute(Base.metadata.tables["applications"].update().values(status="expired"))
    assert await run_once(policy.db, TICKS[0]) == 1
    assert await run_once(policy.db, TICKS[0]) == 0
    [order] = await world.orders(policy, application_id=row.id)
    assert order["status"] == "cancelled"
    late = await policy.post(
        world.CORE, f"/v1/payment-orders/{order['id']}/confirmations",
        {"paid_at": process_now().isoformat(), "payer": world.ACCOUNT, "reference": "R-9"}, version=order["version"],
    )  # fmt: skip
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")
