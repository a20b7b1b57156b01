"""Counts of complaints: what is kept of each equals the raw count after any history, in scope, kept-out ones apart."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from services.complaints.cause.rules import CauseTree
from services.complaints.complaint.tables import Complaint
from services.complaints.statistics import rules
from services.complaints.statistics.rules import GroupKey, Period
from shared.actor import Actor, machine
from shared.clock import SHANGHAI, legal_day, process_now
from shared.ids import uuid7
from shared.rule_sets import in_force
from tests.support.complaint_acts import working
from tests.support.complaint_world import AGENT, HEAD, OFFICER, REPLY, act, registered
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

UNITS = {
    "00.32.3201.320102": "320102", "00.32.3201.320104": "320104", "00.32.3202.320205": "320205", "00.32": "32",
}  # fmt: skip
SELLERS = [uuid4() for _ in range(3)]
CENTRAL = actor("department_head", "00.32.3201", name="head-3201")
SUB = actor("department_head", "00.32.3202", name="head-3202")
ACTING = replace(OFFICER, on_behalf_of=HEAD.person_id)
ASKING = (HEAD, OFFICER, CENTRAL, SUB, ACTING)
PERSONS = [one.person_id for one in (HEAD, OFFICER, CENTRAL, SUB)]


def moment(rng: random.Random) -> datetime:
    """In the first half of a year, often at the ends of days and months."""
    day = datetime(2026, rng.randint(1, 6), rng.choice([1, 15, 28]), tzinfo=SHANGHAI)
    return day + timedelta(hours=rng.choice([0, 1, 8, 23]), minutes=rng.choice([0, 59]))


def row(rng: random.Random) -> dict[str, Any]:
    """A complaint as it may lie in the table."""
    at, path = moment(rng), rng.choice(list(UNITS))
    return {
        "id": uuid7(), "version": 1, "org_path": path, "owner_path": "00.32", "created_at": at, "updated_at": at,
        "complaint_no": str(uuid4()), "status": "registered", "unit_code": UNITS[path], "complainant": {},
        "channel": rng.choice(["phone", "web", "letter"]), "representatives": [], "lead": rng.random() < 0.2,
        "product": rng.choice(["a", "b", None]), "seller_id": rng.choice([*SELLERS, None]), "named_persons": [],
        "kept_out": [str(one) for one in rng.sample(PERSONS, rng.choice([0, 0, 0, 1, 2]))],
        "cause": rng.choice(["survey_late", "claim_delay", "attitude", "forgotten"]), "content": "x",
        "received_at": at, "rule": "r2020", "stage": "simple", "started_on": at.date(), "pauses": [],
        "due_on": at.date(), "due_legal_on": at.date(), "due_at": at + timedelta(days=15), "deadline": {},
    }  # fmt: skip


CHANGES: list[Callable[[random.Random, Complaint], dict[str, Any]]] = [
    lambda rng, one: {"status": "merged"},
    lambda rng, one: {"status": "withdrawn"},
    lambda rng, one: {"status": "closed", "outcome": rng.choice(["justified", "unfounded"])},
    lambda rng, one: {"decided_at": moment(rng), "status": "decided", "outcome": "justified"},
    lambda rng, one: {"notified_at": one.received_at + timedelta(days=rng.choice([3, 15, 20]))},
    lambda rng, one: {"breached_at": moment(rng)},
    lambda rng, one: {"due_at": one.due_at + timedelta(days=30)},
    lambda rng, one: {"cause": "attitude"},
    lambda rng, one: {"product": rng.choice(["b", None]), "seller_id": rng.choice(SELLERS)},
    lambda rng, one: {"kept_out": sorted({*one.kept_out, str(rng.choice(PERSONS))})},
    lambda rng, one: dict(zip(("org_path", "unit_code"), rng.choice(list(UNITS.items())), strict=True)),
]  # fmt: skip


def attributes(one: Complaint, tree: CauseTree) -> dict[GroupKey, str | None]:
    """The keys of a complaint, worked out by itself."""
    early = one.status in ("merged", "withdrawn")
    late = one.breached_at is not None or (one.notified_at is not None and one.notified_at >= one.due_at)
    over = early or one.notified_at is not None or (one.lead and one.decided_at is not None)
    steps = one.org_path.split(".")
    return {
        GroupKey.UNIT: one.unit_code, GroupKey.CENTRAL: steps[:3][-1], GroupKey.BRANCH: steps[:2][-1],
        GroupKey.CAUSE: one.cause, GroupKey.CHANNEL: one.channel, GroupKey.PRODUCT: one.product,
        GroupKey.OUTCOME: one.status if early else one.outcome,
        GroupKey.STAGE: tree.nodes[one.cause].stage if one.cause in tree.nodes else None,
        GroupKey.SALESPERSON: None if one.seller_id is None else str(one.seller_id),
        GroupKey.TIMELINESS: "late" if late else "in_time" if over else "running",
    }  # fmt: skip


async def raw(
    complaints: ServiceUnderTest, who: Actor, keys: list[GroupKey], period: Period
) -> Counter[tuple[str, ...]]:
    """Every complaint that this person may see, counted one at a time."""
    hidden = {str(who.person_id), str(who.on_behalf_of)}
    async with complaints.db.transaction(machine("complaints")) as tx:
        tree = (await in_force(tx, "causes")).parsed(CauseTree.from_content)
        found = [
            one for one in await tx.scalars(select(Complaint))
            if f"{one.org_path}.".startswith(f"{who.scope}.") and not hidden & set(one.kept_out)
        ]  # fmt: skip
        rows = [(legal_day(one.received_at), attributes(one, tree)) for one in found]
    return Counter(rules.group(rows, keys, period))


async def told(
    complaints: ServiceUnderTest, who: Actor, keys: list[GroupKey], period: Period
) -> Counter[tuple[str, ...]]:
    query = f"/v1/complaints/statistics?group_by={','.join(keys)}&period={period}"
    answer = await complaints.get(who, query)
    assert answer.status_code == 200, answer.text
    return Counter({(one["period"], *one["group"].values()): one["count"] for one in answer.json()["items"]})


@pytest.mark.parametrize("seed", [21, 22])
async def test_after_any_history_what_is_kept_equals_the_raw_count(complaints: ServiceUnderTest, seed: int) -> None:
    print("seed", seed)
    rng, ids = random.Random(seed), []
    for turn in range(120):
        async with complaints.db.transaction(machine("complaints")) as tx:
            if not ids or rng.random() < 0.5:
                made = row(rng)
                ids.append(made["id"])
                await tx.execute(insert(Complaint).values(**made))
            else:
                one = await tx.find(Complaint, rng.choice(ids))
                changed = rng.choice(CHANGES)(rng, one)
                await tx.execute(update(Complaint).where(Complaint.id == one.id).values(**changed))
        if turn % 10 == 9:
            keys = rng.sample(list(GroupKey), rng.choice([1, 2, 3]))
            for who in ASKING:
                period = rng.choice(list(Period))
                assert await told(complaints, who, keys, period) == await raw(complaints, who, keys, period), keys
    for key in GroupKey:
        assert await told(complaints, HEAD, [key], Period.MONTH) == await raw(complaints, HEAD, [key], Period.MONTH)
    async with complaints.db.transaction(machine("complaints")) as tx:
        apart = await tx.scalar(text(
            "select count(*) from complaints c full join complaint_figures f on f.complaint_id = c.id"
            " where c.id is null or f.complaint_id is null or c.org_path <> f.org_path"
        ))  # fmt: skip
    assert apart == 0


@pytest.mark.parametrize(
    "query",
    [
        "group_by=unit,cause&period=week", "group_by=branch,timeliness&period=day", "group_by=central,outcome,product",
        "group_by=stage,channel", "group_by=salesperson&from=2026-02-01&to=2026-04-15",
        "group_by=timeliness&unit_code=3201", "group_by=branch,outcome&unit_code=3201",
        "group_by=outcome,timeliness,salesperson&unit_code=320205",
    ],
)  # fmt: skip
async def test_each_count_leads_to_just_its_complaints(complaints: ServiceUnderTest, query: str) -> None:
    rng = random.Random(query)
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(insert(Complaint), [whole(rng) for _ in range(60)])
    for who in (HEAD, CENTRAL):
        answer = await complaints.get(who, f"/v1/complaints/statistics?{query}")
        if answer.status_code == 404 and who is CENTRAL:
            continue
        items = answer.json()["items"]
        assert items or who is CENTRAL
        for one in items[:12]:
            if one["group"].get("stage") == "not_stated":
                assert "records_url" not in one
                continue
            listed = await complaints.get(who, f"{one['records_url']}&include_total=true")
            assert (listed.status_code, listed.json()["total"]) == (200, one["count"]), (one, listed.text)


def whole(rng: random.Random) -> dict[str, Any]:
    """A complaint somewhere in its life."""
    made = row(rng)
    made |= {"status": rng.choice(["registered", "merged", "withdrawn", "closed"]), "outcome": None}
    made |= {"breached_at": rng.choice([None, made["received_at"]]), "decided_at": None}
    made |= {"notified_at": rng.choice([None, made["received_at"]])}
    return made


async def test_merged_and_withdrawn_ones_stay_counted_and_nobody_removes_or_re_dates(
    complaints: ServiceUnderTest,
) -> None:
    kept, gone = await working(complaints), await registered(complaints)
    answer = await complaints.post(
        AGENT, f"/v1/complaints/{gone['id']}/withdrawals",
        {"withdrawn_at": process_now().isoformat(), "reason": "客户撤诉"}, version=gone["version"],
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    found = (await complaints.get(OFFICER, "/v1/complaints/statistics?group_by=outcome")).json()
    assert {one["group"]["outcome"]: one["count"] for one in found["items"]} == {"not_stated": 1, "withdrawn": 1}
    for wrong in (
        "delete from complaints where id = :id",
        "update complaints set received_at = received_at - interval '1 day' where id = :id",
        "update complaints set complaint_no = 'T0' where id = :id",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with complaints.db.transaction(machine("complaints")) as tx:
                await tx.execute(text(wrong), {"id": UUID(kept["id"])})
    assert (await complaints.get(OFFICER, f"/v1/complaints/{kept['id']}")).status_code == 200


async def test_a_change_that_is_rolled_back_is_not_counted(complaints: ServiceUnderTest) -> None:
    one = await registered(complaints)

    async def taken_back() -> None:
        async with complaints.db.transaction(machine("complaints")) as tx:
            await tx.execute(update(Complaint).where(Complaint.id == UUID(one["id"])).values(status="merged"))
            raise RuntimeError("taken back")

    with pytest.raises(RuntimeError, match="taken back"):
        await taken_back()
    assert await told(complaints, OFFICER, [GroupKey.OUTCOME], Period.MONTH) == {
        (f"{legal_day(process_now()):%Y-%m}", "not_stated"): 1
    }


async def test_wrong_questions_are_refused_with_their_code(complaints: ServiceUnderTest) -> None:
    for query, code in (
        ("group_by=colour", "group_key_unknown"), ("from=2026-05-02&to=2026-05-01", "days_reversed"),
    ):  # fmt: skip
        answer = await complaints.get(OFFICER, f"/v1/complaints/statistics?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code), answer.text
    assert (await complaints.get(CENTRAL, "/v1/complaints/statistics?unit_code=320205")).status_code == 404
    assert (await complaints.get(AGENT, "/v1/complaints/statistics")).status_code == 403


async def test_a_complaint_through_its_life_is_counted_as_it_stands(complaints: ServiceUnderTest) -> None:
    one = await working(complaints)
    assert await told(complaints, OFFICER, [GroupKey.TIMELINESS], Period.MONTH) == await raw(
        complaints, OFFICER, [GroupKey.TIMELINESS], Period.MONTH
    )
    await act(complaints, OFFICER, one, "decisions", REPLY)
    assert (await told(complaints, OFFICER, [GroupKey.OUTCOME], Period.DAY)).total() == 1
    (only,) = await told(complaints, OFFICER, [GroupKey.OUTCOME], Period.DAY)
    assert only[1] == "justified"
