"""The feed: every event once, in one order, for those who may read its record within their scope."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from gateway.consumers import CONSUMERS, SUBJECTS
from gateway.feed.handlers import forgetting
from gateway.feed.rules import permission_of
from gateway.feed.tables import FeedEvent
from shared.actor import machine
from shared.consuming import Consumers
from shared.database import Database
from shared.event_gaps import LATE
from shared.relay import Relay, refill
from tests.support import engines, event_world, streams
from tests.support.feeding import CUSTOMER, HANGZHOU, NANJING, REPORTED, WUXI, arrive, event, listening
from tests.support.forwarding_world import served
from tests.support.gateway import GatewayUnderTest, SignedIn, fill, rooms_app, settings_of
from tests.support.tokens import MATRIX


async def ids(gateway: GatewayUnderTest, who: SignedIn, query: str = "") -> list[str]:
    answer = await gateway.get(who, f"/v1/events{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_each_reads_the_events_of_his_own_units_and_of_records_that_he_may_read(gateway: GatewayUnderTest):
    near, far, away = event(), event(org_path=WUXI), event(org_path=HANGZHOU)
    customer, rules = event(CUSTOMER), event("organisation.rule_set.published.v1", "00")
    await arrive(gateway.db, near, far, away, customer, rules)
    head = await gateway.enter("department_head", "32")
    assert await ids(gateway, head) == [near["id"], far["id"], customer["id"]]
    central = await gateway.enter("claims_approver", "3201")
    assert await ids(gateway, central) == [one["id"] for one in (near, customer) if central_may(one["type"])]
    assert await ids(gateway, await gateway.enter("service_agent", "320205")) == [far["id"]]
    office = await gateway.enter("auditor", "00")
    assert set(await ids(gateway, office)) >= {near["id"], far["id"], away["id"]}


def central_may(event_type: str) -> bool:
    return MATRIX.allows("claims_approver", "central_branch", permission_of(event_type))


async def test_an_event_is_given_out_as_it_was_published(gateway: GatewayUnderTest):
    sent = event(claim_no="C2026-32-000001", estimated_amount="50000.00")
    await arrive(gateway.db, sent, sent)
    who = await gateway.enter("department_head", "32")
    answer = (await gateway.get(who, "/v1/events")).json()
    schema = f"http://gateway{sent['dataschema']}"
    assert answer["items"] == [{**sent, "dataschema": schema}]
    assert (answer["next_cursor"], answer["resume_after"]) == (None, sent["id"])


async def test_pages_follow_each_other_without_gap_and_a_reader_resumes_where_he_was(gateway: GatewayUnderTest):
    sent = [event(org_path=(NANJING, HANGZHOU)[n % 2]) for n in range(14)]
    await arrive(gateway.db, *sent)
    who = await gateway.enter("department_head", "32")
    found, cursor = [], ""
    while True:
        page = (await gateway.get(who, f"/v1/events?limit=3{cursor}")).json()
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&after={page['next_cursor']}"
    assert found == [one["id"] for one in sent[::2]]
    again = await gateway.get(who, f"/v1/events?after={page['resume_after']}")
    assert (again.json()["items"], again.json()["resume_after"]) == ([], page["resume_after"])
    late = event()
    await arrive(gateway.db, late)
    assert await ids(gateway, who, f"?after={page['resume_after']}") == [late["id"]]


async def test_filters_narrow_and_what_is_not_known_is_refused(gateway: GatewayUnderTest):
    record = uuid4()
    mine, other = event(record_id=record), event(CUSTOMER)
    await arrive(gateway.db, mine, other)
    who = await gateway.enter("department_head", "32")
    assert await ids(gateway, who, f"?record_id={record}") == [mine["id"]]
    assert await ids(gateway, who, "?type=crm.customer.changed") == [other["id"]]
    assert (await gateway.get(who, "/v1/events?since=1")).json()["code"] == "unknown_parameter"
    assert (await gateway.get(who, "/v1/events?limit=201")).status_code == 422


@pytest.mark.parametrize("cursor", ["nonsense", "01a20e06-c240-7e3b-909c-ab19ab23aa26"])
async def test_a_cursor_that_names_no_event_is_refused(gateway: GatewayUnderTest, cursor: str):
    who = await gateway.enter("department_head", "32")
    answer = await gateway.get(who, f"/v1/events?after={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_a_cursor_at_an_event_of_another_branch_is_refused_like_an_unknown_one(gateway: GatewayUnderTest):
    foreign = event(org_path=HANGZHOU)
    await arrive(gateway.db, foreign, event())
    who = await gateway.enter("department_head", "32")
    seen = await gateway.get(who, f"/v1/events?after={foreign['id']}")
    unknown = await gateway.get(who, f"/v1/events?after={uuid4()}")
    kept = [{k: v for k, v in one.json().items() if k != "request_id"} for one in (seen, unknown)]
    assert kept[0] == kept[1]


async def test_positions_commit_in_order_so_that_no_reader_overtakes_an_event(gateway: GatewayUnderTest):
    seen: list[int] = []

    async def read() -> None:
        position = 0
        while len(seen) < 60:
            async with gateway.db.transaction(machine("gateway")) as tx:
                rows = await tx.execute(
                    text("select position from feed_events where position > :p order by 1"), {"p": position}
                )
                found = list(rows.scalars())
            seen.extend(found)
            position = found[-1] if found else position

    async def write(n: int) -> None:
        for _ in range(n):
            await arrive(gateway.db, event())

    async with asyncio.timeout(60):
        await asyncio.gather(read(), *(write(15) for _ in range(4)))
    assert seen == sorted(set(seen))
    assert seen == list(range(seen[0], seen[0] + 60))


async def test_positions_that_read_no_business_get_no_events(gateway: GatewayUnderTest):
    for position, unit in (("system_admin", "00"), ("rules_manager", "00"), ("security_admin", "00")):
        who = await gateway.enter(position, unit)
        for path in ("/v1/events", "/v1/stream"):
            assert (await gateway.get(who, path)).status_code == 403, (position, path)


async def test_old_events_leave_the_feed(gateway: GatewayUnderTest):
    old, new = event(), event()
    await arrive(gateway.db, old, new)
    async with gateway.db.transaction(machine("gateway")) as tx:
        aged = text("update feed_events set kept_at = kept_at - interval '91 days' where event_id = :id")
        await tx.execute(aged, {"id": old["id"]})
    assert await forgetting(90).function(gateway.db, 100) == 1
    who = await gateway.enter("department_head", "32")
    assert await ids(gateway, who) == [new["id"]]
    assert (await gateway.get(who, f"/v1/events?after={old['id']}")).json()["code"] == "cursor_invalid"


def test_every_published_event_is_kept_and_has_a_permission_that_somebody_holds() -> None:
    assert len(SUBJECTS) == len(CONSUMERS) >= 39
    for subject in SUBJECTS:
        permission = permission_of(subject.rpartition(".")[0])
        assert MATRIX.holders(permission, "head_office"), subject


@dataclass
class Front:
    """The rooms behind a server that streams."""

    gateway: GatewayUnderTest
    client: httpx.AsyncClient


@pytest.fixture
async def front(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[Front]:
    app = rooms_app(settings_of(database_urls["gateway"], tmp_path, streams_per_person=2))
    await fill(app.state.db)
    async with served(app) as port, httpx.AsyncClient(base_url=f"http://localhost:{port}") as client:
        yield Front(GatewayUnderTest(app, client, app.state.db), client)


async def test_the_live_feed_tells_record_type_and_version_of_what_happens(front: Front):
    who = await front.gateway.enter("department_head", "32")
    await arrive(front.gateway.db, event())
    async with listening(front.client, who.access_token) as live:
        assert live.response.headers["content-type"].startswith("text/event-stream")
        assert live.response.headers["cache-control"] == "no-store"
        await asyncio.sleep(0.8)
        sent = event(version=3)
        await arrive(front.gateway.db, event(org_path=HANGZHOU), sent)
        told = await live.next_event()
    assert (told["id"], told["event"]) == (sent["id"], "claims.claim.reported")
    assert told["data"] == {"id": sent["subject"], "type": "claims.claim.reported", "recordversion": 3}


async def test_a_stream_resumes_after_the_event_it_saw_last(front: Front):
    sent = [event() for _ in range(250)]
    await arrive(front.gateway.db, *sent)
    who = await front.gateway.enter("department_head", "32")
    async with listening(front.client, who.access_token, sent[9]["id"]) as live:
        told = [(await live.next_event())["id"] for _ in range(240)]
    assert told == [one["id"] for one in sent[10:]]
    async with listening(front.client, who.access_token, str(uuid4())) as live:
        assert live.response.json()["code"] == "cursor_invalid"


async def test_a_stream_ends_when_the_sign_in_ends(front: Front):
    who = await front.gateway.enter("department_head", "32")
    async with listening(front.client, who.access_token) as live:
        assert (await front.gateway.call(who, "DELETE", "/v1/session")).status_code in (200, 204)
        lines = await live.until_end(6)
    assert lines[-2:] == [": end", ""]


async def test_a_stream_ends_when_its_person_leaves(front: Front):
    who = await front.gateway.enter("department_head", "3201")
    admin = await front.gateway.enter("security_admin", "32")
    held = who.told["appointment"]["id"]
    async with listening(front.client, who.access_token) as live:
        version = (await front.gateway.get(admin, f"/v1/people/{who.id}")).json()["version"]
        ended = await front.gateway.call(admin, "DELETE", f"/v1/people/{who.id}/appointments/{held}", version=version)
        assert ended.status_code == 200, ended.text
        await live.until_end(6)
        await arrive(front.gateway.db, event())
    async with listening(front.client, who.access_token) as again:
        assert again.response.status_code == 401


async def test_a_person_has_so_many_streams_and_no_more(front: Front):
    who = await front.gateway.enter("department_head", "32")
    token = who.access_token
    async with (
        listening(front.client, token),
        listening(front.client, token),
        listening(front.client, token) as third,
    ):
        assert (third.response.status_code, third.response.json()["code"]) == (429, "rate_limited")
        assert third.response.headers["retry-after"]
    await asyncio.sleep(0.3)
    async with listening(front.client, who.access_token) as again:
        assert again.response.status_code == 200


async def test_events_come_from_the_outbox_of_a_service_through_the_stream_once(
    gateway: GatewayUnderTest, database_urls: Mapping[str, str], nats_credentials: engines.NatsCredentials
):
    await streams.fresh_streams(nats_credentials)
    claims = Database("claims", database_urls["claims"])
    bus, own = streams.bus(nats_credentials, "claims"), streams.bus(nats_credentials, "gateway")
    files = await event_world.report_many(claims, 5)
    await bus.open(10)
    assert await Relay(claims, bus).drain() == 5
    consumers = Consumers(gateway.db, own, [one for one in CONSUMERS if one.subject == REPORTED])
    assert await consumers.drain() == 5
    assert await consumers.drain() == 0
    rows = await gateway.rows(FeedEvent.__table__)
    assert {row["record_id"] for row in rows} == {one.id for one in files}
    await bus.close()
    await own.close()
    await claims.close()


async def test_gaps_are_named_by_whoever_may_look_and_refilled(
    gateway: GatewayUnderTest, nats_credentials: engines.NatsCredentials
):
    await streams.fresh_streams(nats_credentials)
    bus = streams.bus(nats_credentials, "gateway")
    await bus.open(10)
    relay = Relay(gateway.db, bus)
    await relay.drain()
    assert await relay.audit() == 0
    published = await event_world.published(gateway.db)
    await streams.fresh_streams(nats_credentials)
    admin = await gateway.enter("system_admin", "00")
    before = (await gateway.get(admin, "/v1/events/gaps")).json()
    assert (before["items"], set(before["audited_at"])) == ([], {"organisation"})
    assert await refill(gateway.db, bus, whole=True) == len(published) > 0
    found = (await gateway.get(admin, "/v1/events/gaps")).json()
    assert {one["state"] for one in found["items"]} == {"sent_again"}
    assert {one["service"] for one in found["items"]} == {"organisation"}
    assert len(found["items"]) == min(500, len(published))
    assert await refill(gateway.db, bus, whole=True) == 0
    await bus.close()
    for position, unit in (("department_head", "32"), ("security_admin", "00")):
        assert (await gateway.get(await gateway.enter(position, unit), "/v1/events/gaps")).status_code == 403


async def test_what_waits_in_the_outbox_for_too_long_is_named_and_a_branch_sees_its_own(gateway: GatewayUnderTest):
    async with gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(text("update outbox set sent_at = created_at where org_path <> '00.32'"))
        await tx.execute(
            text("update outbox set created_at = created_at - cast(:late as interval)"), {"late": LATE * 2}
        )
    admin = await gateway.enter("system_admin", "00")
    named = (await gateway.get(admin, "/v1/events/gaps")).json()["items"]
    assert named
    assert {one["state"] for one in named} == {"unsent"}
    branch = await gateway.enter("auditor", "32")
    assert (await gateway.get(branch, "/v1/events/gaps")).json()["items"] == named
