"""What others tell the claims service has its effect once and in whatever order it arrives."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.claims.consumers import CONSUMERS
from services.claims.cover.queries import rescission_of
from services.claims.cover.tables import KeyAccount, OpenHazard
from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.inbox import Arrival, Inbox, Outcome
from shared.kernel import kernel
from shared.masking import keyed_digest
from tests.support.claim_life import AGENT, POLICY_NO, ClaimLife, policy_version, told
from tests.support.tokens import person

POLICY, CUSTOMER = str(person("policy")), str(person("customer"))
DIGEST_KEY = b"d" * 32


def version(number: int, **changes: Any) -> Arrival:
    subject = "policy.policy.issued.v1" if number == 1 else "policy.policy.endorsed.v1"
    return told(subject, policy_version(policy_version=number, **changes))


def listed(number: int, part: int, parts: int, *id_numbers: str) -> Arrival:
    entries = [
        {
            "insured_ref": f"P-{number}-{one[-4:]}", "id_digest": keyed_digest(DIGEST_KEY, one), "from": "2026-02-01",
            "to": "2027-02-01", "occupation_class": 3, "sum_insured": "300000.00",
        }
        for one in id_numbers
    ]  # fmt: skip
    data = {"policy_id": POLICY, "policy_version": number, "part": part, "parts": parts, "entries": entries}
    return told("policy.insured.listed.v1", data)


def cancelled(at: str) -> Arrival:
    data = {"policy_id": POLICY, "effective_on": at[:10], "effective_at": at, "kind": "cancel", "refund_amount": "0.00"}
    return told("policy.policy.cancelled.v1", data)


async def match_of(life: ClaimLife, claim_id: str) -> tuple[Any, ...]:
    row = await life.row(claim_id)
    return row.policy_match, row.policy_version, row.line, row.flags


async def test_a_night_report_is_matched_when_its_policy_arrives(life: ClaimLife) -> None:
    claim_id = await life.reported()
    other = await life.reported(policy_no="PPA2026-32-009999")
    assert await match_of(life, claim_id) == ("unmatched", None, None, ["unmatched"])
    await life.hear(version(1))
    assert await match_of(life, claim_id) == ("matched", 1, "accident", [])
    assert (await match_of(life, other))[0] == "unmatched"
    matched = await life.events("claims.claim.matched.v1")
    assert [(one["claim_id"], one["policy_id"], one["customer_id"]) for one in matched] == [
        (claim_id, POLICY, CUSTOMER)
    ]
    assert (await life.row(claim_id)).version == 2
    history = await life.service.rows(kernel.tables["history"], action="match_policy")
    assert [row["staff_no"] for row in history] == ["service:claims"]


ORDERS = list(permutations(range(4)))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
async def test_versions_and_the_report_in_any_order_give_the_version_of_the_loss(
    life: ClaimLife, order: tuple[int, ...]
) -> None:
    """Version 2 holds at the loss; version 3 was made before the report and holds from tomorrow on."""
    tomorrow = rfc3339(process_now() + timedelta(days=1))
    steps: list[Any] = [
        version(1),
        version(2, effective_at="2026-05-01T00:00:00+08:00"),
        version(3, effective_at=tomorrow),
        None,
    ]
    claim_id = ""
    for n in order:
        if steps[n] is None:
            claim_id = await life.reported()
        else:
            await life.hear(steps[n])
    assert await match_of(life, claim_id) == ("matched", 2, "accident", [])
    assert len(await life.events("claims.claim.matched.v1")) <= 1


async def test_a_version_made_after_the_report_opens_no_cover(life: ClaimLife) -> None:
    await life.hear(
        version(1, period={"starts_at": "2025-01-01T00:00:00+08:00", "ends_at": "2026-01-01T00:00:00+08:00"})
    )
    claim_id = await life.reported()
    assert (await match_of(life, claim_id))[0] == "not_in_force"
    late = rfc3339(process_now() + timedelta(hours=1))
    await life.hear(version(2, made_at=late, effective_at="2026-02-01T00:00:00+08:00"))
    found = await match_of(life, claim_id)
    assert (found[0], "changed_after_report" in found[3]) == ("not_in_force", True)
    made_before = rfc3339(process_now() - timedelta(days=3))
    await life.hear(version(3, made_at=made_before, effective_at="2026-02-01T00:00:00+08:00"))
    assert (await match_of(life, claim_id))[:2] == ("matched", 3)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=lambda order: "".join(map(str, order)))
async def test_a_cancellation_before_the_loss_ends_cover_whichever_is_heard_first(
    life: ClaimLife, order: tuple[int, ...]
) -> None:
    steps: list[Any] = [version(1), cancelled("2026-03-01T00:00:00+08:00"), None]
    claim_id = ""
    for n in order:
        if steps[n] is None:
            claim_id = await life.reported()
        else:
            await life.hear(steps[n])
    found = await match_of(life, claim_id)
    assert found[0] == "not_in_force"
    assert set(found[3]) == {"not_in_force", "cover_ended_before_loss"}


async def test_a_cancellation_after_the_loss_leaves_the_claim_its_cover(life: ClaimLife) -> None:
    await life.hear(version(1))
    claim_id = await life.reported()
    await life.hear(cancelled(rfc3339(process_now() + timedelta(days=1))))
    assert (await match_of(life, claim_id))[0] == "matched"


INJURED, OTHER = "11010519491231002X", "11010519800101001X"


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order)))
async def test_the_insured_list_counts_when_all_its_parts_are_here(life: ClaimLife, order: tuple[int, ...]) -> None:
    steps: list[Any] = [version(1), listed(1, 1, 2, OTHER), listed(1, 2, 2, "11010519800101002X"), None]
    claim_id = ""
    for n in order:
        if steps[n] is None:
            claim_id = await life.reported()
        else:
            await life.hear(steps[n])
    assert (await match_of(life, claim_id))[3] == ["insured_not_listed"]
    await life.hear(version(2, effective_at="2026-03-01T00:00:00+08:00"), listed(2, 1, 1, INJURED, OTHER))
    assert (await match_of(life, claim_id))[1:] == (2, "accident", [])


async def test_the_same_event_has_its_effect_once(life: ClaimLife) -> None:
    claim_id = await life.reported()
    arrival = version(1)
    await life.hear(arrival)
    again = await Inbox(life.service.db, CONSUMERS).take(arrival)
    assert again.outcome is Outcome.SEEN
    assert len(await life.events("claims.claim.matched.v1")) == 1
    assert (await life.row(claim_id)).version == 2


async def test_a_calculated_claim_is_not_matched_anew_behind_its_sheet(life: ClaimLife) -> None:
    await life.hear(version(1))
    claim_id = await life.registered()
    async with life.service.db.transaction(machine("claims")) as tx:
        await tx.execute(text("update claims set sheet_version = 1, status = 'calculated'"))
    await life.hear(version(2, effective_at="2026-03-01T00:00:00+08:00"))
    assert (await match_of(life, claim_id))[1] == 1


def hazard(subject: str, hazard_id: UUID, record_version: int, **data: Any) -> Arrival:
    body = {"hazard_id": str(hazard_id), "class": "high", **data}
    return told(f"risk.hazard.{subject}.v1", body, record=hazard_id, version=record_version)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=lambda order: "".join(map(str, order)))
async def test_the_newest_news_of_a_hazard_counts_in_any_order(life: ClaimLife, order: tuple[int, ...]) -> None:
    own = uuid4()
    found = {"policy_id": POLICY, "customer_id": CUSTOMER, "due_on": "2026-07-29"}
    steps = [hazard("found", own, 1, **found), hazard("overdue", own, 2, due_on="2026-07-29"), hazard("closed", own, 3)]
    await life.hear(*(steps[n] for n in order))
    row = (await life.service.rows(OpenHazard.__table__))[0]
    assert (row["closed"], row["record_version"], row["policy_id"]) == (True, 3, UUID(POLICY))


async def test_open_hazards_are_shown_at_the_first_notice(life: ClaimLife) -> None:
    own = uuid4()
    await life.hear(version(1), hazard("found", own, 1, policy_id=POLICY, customer_id=CUSTOMER, due_on="2026-07-29"))
    claim_id = await life.reported()
    shown = [{"hazard_id": str(own), "class": "high", "overdue": False, "due_on": "2026-07-29"}]
    assert (await life.read(claim_id))["open_hazards"] == shown
    await life.hear(hazard("closed", own, 2))
    assert (await life.read(claim_id))["open_hazards"] == []


async def test_a_premium_without_a_decision_is_seen_on_a_loss_without_cover(life: ClaimLife) -> None:
    old = {"starts_at": "2025-01-01T00:00:00+08:00", "ends_at": "2026-01-01T00:00:00+08:00"}
    await life.hear(version(1, period=old))
    application = {"application_id": str(uuid4())}
    paid = application | {"customer_id": CUSTOMER, "line": "accident", "amount": "365.00"}
    received = rfc3339(process_now() - timedelta(days=2))
    await life.hear(told("policy.premium.received.v1", paid | {"received_at": received}))
    claim_id = await life.reported()
    assert "premium_without_decision" in (await match_of(life, claim_id))[3]
    decided = rfc3339(process_now() - timedelta(days=1))
    await life.hear(told("policy.application.decided.v1", application | {"outcome": "declined"}, at=decided))
    later = await life.reported()
    assert "premium_without_decision" not in (await match_of(life, later))[3]


async def test_a_decision_heard_before_its_premium_closes_the_window(life: ClaimLife) -> None:
    old = {"starts_at": "2025-01-01T00:00:00+08:00", "ends_at": "2026-01-01T00:00:00+08:00"}
    application = {"application_id": str(uuid4())}
    decided = rfc3339(process_now() - timedelta(days=1))
    paid = application | {"customer_id": CUSTOMER, "line": "accident", "amount": "365.00"}
    received = rfc3339(process_now() - timedelta(days=2))
    await life.hear(
        version(1, period=old),
        told("policy.application.decided.v1", application | {"outcome": "declined"}, at=decided),
        told("policy.premium.received.v1", paid | {"received_at": received}),
    )
    claim_id = await life.reported()
    assert "premium_without_decision" not in (await match_of(life, claim_id))[3]


def merged(away: UUID, into: UUID) -> Arrival:
    data = {"kept_id": str(into), "merged_id": str(away)}
    return told("crm.customer.merged.v1", data, record=into)


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order)))
async def test_references_follow_merged_customers_in_any_order(life: ClaimLife, order: tuple[int, ...]) -> None:
    second, last = uuid4(), uuid4()
    steps: list[Any] = [version(1), merged(UUID(CUSTOMER), second), merged(second, last), None]
    claim_id = ""
    for n in order:
        if steps[n] is None:
            claim_id = await life.reported()
        else:
            await life.hear(steps[n])
    assert (await life.row(claim_id)).customer_id == last


async def test_a_key_account_is_a_mark_for_the_order_of_work_and_no_new_version(life: ClaimLife) -> None:
    await life.hear(version(1))
    claim_id = await life.reported()
    gold = {"customer_id": CUSTOMER, "tier": "gold", "manager_id": str(uuid4())}
    record = uuid4()
    await life.hear(told("crm.key_account.changed.v1", gold, record=record, version=2))
    await life.hear(told("crm.key_account.changed.v1", gold | {"tier": "silver"}, record=record, version=1))
    shown = await life.read(claim_id)
    assert (shown["key_account"], shown["version"]) == ("gold", 1)
    await life.hear(told("crm.key_account.changed.v1", {"customer_id": CUSTOMER}, record=record, version=3))
    assert "key_account" not in await life.read(claim_id)
    assert len(await life.service.rows(KeyAccount.__table__)) == 1


async def test_complaints_are_counted_in_either_order_and_raise_no_version(life: ClaimLife) -> None:
    claim_id = await life.reported()
    for subject, open_now in (("decided", -1), ("registered", 0), ("registered", 1), ("withdrawn", 0)):
        data = {"complaint_id": str(uuid4()), "claim_id": claim_id}
        await life.hear(told(f"complaints.complaint.{subject}.v1", data))
        row = await life.row(claim_id)
        assert (row.complaints_open, row.version) == (open_now, 1)


async def test_a_policy_that_arrives_moves_the_claim_to_its_unit(life: ClaimLife) -> None:
    claim_id = await life.reported()
    await life.hear(version(1, unit_code="320104"))
    row = await life.row(claim_id)
    assert (row.unit_code, row.policy_no) == ("320104", POLICY_NO)
    assert (await life.service.get(AGENT, f"/v1/claims/{claim_id}")).status_code == 404


async def test_a_rescission_says_whether_losses_before_it_are_paid_all_the_same(life: ClaimLife) -> None:
    await life.hear(version(1))
    for said, paid in ((None, False), (True, True), (False, False)):
        data = {
            "policy_id": POLICY, "effective_on": "2026-02-01", "effective_at": "2026-02-01T00:00:00+08:00",
            "kind": "rescind", "refund_amount": "0.00", "losses_paid": said,
        }  # fmt: skip
        await life.hear(told("policy.policy.cancelled.v1", data))
        async with life.service.db.transaction(machine("claims")) as tx:
            assert await rescission_of(tx, UUID(POLICY)) is paid
