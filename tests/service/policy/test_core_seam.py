"""The seam to the core beyond single versions: answers and comparisons."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from services.policy.core_message.tables import CoreMessage
from services.policy.events import PaymentOrderCreated
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.ids import uuid7
from shared.kernel import kernel
from tests.support.core_lines import CORE, ITEMS, NUMBER, TABLES, codes, group, results, send, stored, work
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

READER = actor("underwriter", "00.32")
HEAD_OFFICE = actor("underwriter", "00")


def line(**changes: Any) -> dict[str, Any]:
    body = group()
    return {
        "policy_no": NUMBER, "core_version": 1, "status": "in_force", "premium_total": body["premium"],
        "claims_paid_total": "0.00",
    } | changes  # fmt: skip


async def compare(policy: ServiceUnderTest, *lines: dict[str, Any], query: str = "") -> Any:
    answer = await send(policy, f"/v1/core/reconciliations{query}", list(lines))
    assert answer.status_code == 202, answer.text
    await work(policy)
    return answer


async def open_kinds(policy: ServiceUnderTest) -> list[str]:
    found = await policy.rows(ITEMS, status="open", cause="compared")
    return sorted(one["kind"] for one in found)


async def test_two_sides_that_agree_leave_no_difference(policy: ServiceUnderTest) -> None:
    await stored(policy)
    answer = await compare(policy, line())
    assert (await results(policy, answer))[0]["data"]["differences"] == []
    assert await open_kinds(policy) == []


@pytest.mark.parametrize(
    ("changes", "kind", "owner"),
    [
        ({"core_version": 2}, "version", "core"),
        ({"status": "cancelled"}, "status", "core"),
        ({"premium_total": "1.00"}, "premium", "core"),
        ({"claims_paid_total": "5.00"}, "claims_paid", "anlan"),
    ],
)
async def test_each_difference_is_one_item_with_its_owner_until_both_agree_again(
    policy: ServiceUnderTest, changes: dict[str, Any], kind: str, owner: str
) -> None:
    await stored(policy)
    await compare(policy, line(**changes))
    await compare(policy, line(**changes))
    [item] = await policy.rows(ITEMS, cause="compared")
    assert (item["kind"], item["owner"], item["status"]) == (kind, owner, "open")
    await compare(policy, line())
    [item] = await policy.rows(ITEMS, cause="compared")
    assert (item["status"], item["outcome"]) == ("resolved", "explained")


async def test_what_only_one_side_has_is_listed_by_a_whole_comparison(policy: ServiceUnderTest) -> None:
    await stored(policy)
    await compare(policy, line(policy_no="PPA2026-32-999999"))
    assert await open_kinds(policy) == ["unknown_here", "unknown_there"]


async def test_a_comparison_of_changes_only_misses_nothing_that_did_not_change(policy: ServiceUnderTest) -> None:
    await stored(policy)
    tomorrow = (legal_day(process_now()) + timedelta(days=2)).isoformat()
    await compare(policy, line(policy_no="X"), query=f"?changed_since={tomorrow}T00:00:00%2B08:00")
    assert await open_kinds(policy) == ["unknown_here"]


async def test_a_comparison_with_a_bad_line_does_not_call_the_others_missing(policy: ServiceUnderTest) -> None:
    await stored(policy)
    await compare(policy, line(status="paid"))
    assert await open_kinds(policy) == []
    [run] = await policy.rows(TABLES["reconciliation_runs"])
    assert run["status"] == "incomplete"


async def test_a_comparison_of_a_day_to_come_is_refused(policy: ServiceUnderTest) -> None:
    refused = await send(policy, "/v1/core/reconciliations?as_of=2099-01-01", [line()])
    assert (refused.status_code, refused.json()["code"]) == (422, "occurred_in_future")


async def test_versions_that_never_came_are_named(policy: ServiceUnderTest) -> None:
    await stored(policy, core_version=3, change={"kind": "endorse", "no": "E3"})
    await compare(policy, line(core_version=3))
    [item] = await policy.rows(ITEMS, kind="version_gap")
    assert item["ours"] == {"missing": [1, 2]}


async def resolve(policy: ServiceUnderTest, item: Any, outcome: str, who: Any = READER) -> Any:
    path = f"/v1/core/reconciliation-items/{item['id']}/resolutions"
    return await policy.post(who, path, {"outcome": outcome, "reason": "checked"}, version=item["version"])


async def test_the_masters_word_stands_and_what_was_resolved_is_resolved(policy: ServiceUnderTest) -> None:
    await stored(policy)
    await compare(policy, line(status="cancelled", claims_paid_total="5.00"))
    status, paid = [(await policy.rows(ITEMS, kind=kind))[0] for kind in ("status", "claims_paid")]
    refused = await resolve(policy, status, "accept_ours")
    assert (refused.status_code, refused.json()["code"]) == (409, "master_decides")
    refused = await resolve(policy, paid, "accept_core")
    assert (refused.status_code, refused.json()["code"]) == (409, "master_decides")
    assert (await resolve(policy, status, "accept_core")).status_code == 201
    again = await resolve(policy, status | {"version": status["version"] + 1}, "explained")
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    shown = (await policy.get(READER, f"/v1/core/reconciliation-items/{status['id']}")).json()
    assert (shown["status"], shown["outcome"], shown["age_days"]) == ("resolved", "accept_core", 0)
    assert shown["available_actions"][0]["allowed"] is False


async def outbox(policy: ServiceUnderTest) -> list[Any]:
    """Events in the order in which they were written."""
    return sorted(await policy.rows(kernel.tables["outbox"]), key=lambda one: one["id"])


async def test_resending_from_the_list_tells_the_newest_version_and_its_list_once_more(
    policy: ServiceUnderTest,
) -> None:
    await stored(policy)
    before = await outbox(policy)
    await compare(policy, line(premium_total="1.00"), line(policy_no="X"))
    assert (await resolve(policy, (await policy.rows(ITEMS, kind="premium"))[0], "resend")).status_code == 201
    after = await outbox(policy)
    assert [one["event"]["data"] for one in after[len(before) :]] == [one["event"]["data"] for one in before]
    missing = await resolve(policy, (await policy.rows(ITEMS, kind="unknown_here"))[0], "resend", HEAD_OFFICE)
    assert (missing.status_code, missing.json()["code"]) == (409, "nothing_to_send")


ORDER = {
    "payment_order_id": str(uuid7()), "kind": "premium", "direction": "in", "amount": "365.00", "due_on": "2026-12-01",
    "sending": 1,
}  # fmt: skip


async def ask(policy: ServiceUnderTest) -> str:
    """An event that the core answers."""
    async with policy.db.transaction(machine("policy")) as tx:
        tx.publish(PaymentOrderCreated.model_validate(ORDER), SimpleNamespace(id=uuid7(), org_path="00.32.3201"))
    return str((await outbox(policy))[-1]["event_id"])


async def acknowledge(policy: ServiceUnderTest, event_id: str, outcome: str, reason: str | None = None) -> Any:
    body = {"event_id": event_id, "outcome": outcome} | ({} if reason is None else {"reason": reason})
    return await policy.post(CORE, "/v1/core/acknowledgements", body)


async def test_each_message_shows_its_answer_and_a_refusal_is_listed_until_it_was_accepted(
    policy: ServiceUnderTest,
) -> None:
    event_id = await ask(policy)
    await work(policy)
    [shown] = (await policy.get(READER, "/v1/core/messages")).json()["items"]
    assert (shown["id"], shown["status"]) == (event_id, "sent")
    silent = await acknowledge(policy, event_id, "refused")
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    assert (await acknowledge(policy, event_id, "refused", "account unknown")).status_code == 200
    [item] = await policy.rows(ITEMS, kind="message_refused")
    assert (item["owner"], item["theirs"]["reason"]) == ("anlan", "account unknown")
    assert (await resolve(policy, item, "resend")).status_code == 201
    assert (await acknowledge(policy, event_id, "accepted")).json()["status"] == "accepted"
    back = await acknowledge(policy, event_id, "refused", "no")
    assert (back.status_code, back.json()["code"]) == (409, "answered_otherwise")
    sent = [one for one in await policy.rows(kernel.tables["outbox"]) if "payment_order" in one["subject"]]
    assert len(sent) == 2
    unknown = await acknowledge(policy, str(uuid7()), "accepted")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reference_not_found")


async def test_a_message_without_an_answer_is_listed_after_its_hours(policy: ServiceUnderTest) -> None:
    await ask(policy)
    await work(policy)
    assert await policy.rows(ITEMS, kind="message_unanswered") == []
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(CoreMessage).values(created_at=tx.now - timedelta(hours=25)))
    await work(policy)
    [item] = await policy.rows(ITEMS, kind="message_unanswered")
    assert item["owner"] == "core"


async def test_a_reference_that_becomes_known_places_the_policy_and_closes_its_item(policy: ServiceUnderTest) -> None:
    await stored(policy, unit_code="320299")
    [row] = await policy.rows(TABLES["policies"])
    assert row["org_path"] == "00"
    async with policy.db.transaction(machine("policy")) as tx:
        units = kernel.tables["directory_units"]
        found = (await tx.execute(units.select().where(units.c.parent_code == "3202").limit(1))).mappings().first()
        await tx.execute(units.insert().values({**found, "code": "320299", "path": "00.32.3202.320299"}))
    await work(policy)
    [row] = await policy.rows(TABLES["policies"])
    assert row["org_path"] == "00.32.3202.320299"
    [item] = await policy.rows(ITEMS, cause="unit:320299")
    assert item["status"] == "resolved"


async def test_a_change_that_contradicts_its_status_is_refused(policy: ServiceUnderTest) -> None:
    body = group(change={"kind": "cancel", "no": "C1"})
    refused = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", body)
    assert refused.status_code == 422
    assert codes({"problem": refused.json()}) == {"change_contradicts_status"}
