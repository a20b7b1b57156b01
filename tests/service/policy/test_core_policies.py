"""Upserts and imports from the core policy system."""

from __future__ import annotations

import itertools
import json
from datetime import date
from typing import Any

import pytest

from embedded.demonstration.policies import policies
from services.policy.core.handlers import IMPORT, import_line
from services.policy.policy.tables import Base
from shared.job_runner import Runner
from shared.kernel import kernel
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

CORE = actor("core_system", "00")
NUMBER = "PLL2026-32-000001"
READER = actor("underwriter", "00.32.3201")


def version(number: int = 1, **changes: Any) -> dict[str, Any]:
    body = next(one for one in policies(5, 32, date(2026, 11, 24)) if one["policy_no"] == NUMBER)
    body = {name: value for name, value in body.items() if name != "policy_no"} | {"core_version": number}
    if number > 1:
        body |= {
            "effective_at": f"2026-11-{number + 10:02d}T00:00:00+08:00",
            "change": {"kind": "endorse", "no": f"E{number}"},
        }
    return body | changes


async def put(policy: ServiceUnderTest, body: dict[str, Any], number: str = NUMBER, who: Any = CORE) -> Any:
    return await policy.call(who, "PUT", f"/v1/core/policies/{number}", body)


async def test_a_version_is_stored_and_told_with_everything_listeners_need(policy: ServiceUnderTest) -> None:
    answer = await put(policy, version())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["applied"], told["core_version"]) == ("current", 1)
    assert {one["kind"] for one in told["pending_references"]} == {"customer", "seller"}
    [event] = await policy.rows(kernel.tables["outbox"])
    data = event["event"]["data"]
    assert event["subject"] == "policy.policy.issued.v1"
    assert (data["policy_no"], data["cover"]["limit_per_accident"], data["imported"]) == (NUMBER, "2000000.00", False)
    kinds = sorted(
        (one["kind"], one["cause"]) for one in await policy.rows(Base.metadata.tables["reconciliation_items"])
    )
    assert [kind for kind, _ in kinds] == ["pending_reference", "pending_reference"]


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_versions_in_any_order_end_at_the_newest_with_all_kept(
    policy: ServiceUnderTest, order: tuple[int, ...]
) -> None:
    highest, applied = 0, []
    for number in order:
        applied.append((await put(policy, version(number))).json()["applied"])
        assert applied[-1] == ("current" if number > highest else "history")
        highest = max(highest, number)
    found = (await policy.get(READER, f"/v1/policies?policy_no={NUMBER}")).json()["items"][0]
    assert found["policy_version"] == 3
    versions = (await policy.get(READER, f"/v1/policies/{found['id']}/versions")).json()["items"]
    assert [one["number"] for one in versions] == [1, 2, 3]
    as_at = await policy.get(READER, f"/v1/policies/{found['id']}/versions?on=2026-11-12")
    assert [one["number"] for one in as_at.json()["items"]] == [2]
    subjects = [one["subject"] for one in await policy.rows(kernel.tables["outbox"])]
    assert sorted(subjects) == ["policy.policy.endorsed.v1"] * 2 + ["policy.policy.issued.v1"]


async def test_a_repeated_version_is_ignored_and_another_content_opens_one_item(policy: ServiceUnderTest) -> None:
    await put(policy, version())
    assert (await put(policy, version())).json()["applied"] == "ignored"
    assert (await put(policy, version(premium="1.00"))).json()["applied"] == "ignored"
    await put(policy, version(premium="1.00"))
    items = await policy.rows(Base.metadata.tables["reconciliation_items"], kind="same_version_other_content")
    assert len(items) == 1
    assert len(await policy.rows(kernel.tables["outbox"])) == 1


async def test_an_unknown_unit_is_stored_at_the_core_callers_own_place_and_named(policy: ServiceUnderTest) -> None:
    told = (await put(policy, version(unit_code="999999"))).json()
    assert {"kind": "unit", "value": "999999"} in told["pending_references"]
    [row] = await policy.rows(Base.metadata.tables["policies"])
    assert row["org_path"] == "00"


async def test_faults_of_cover_and_times_are_told_all_at_once_and_nothing_is_stored(policy: ServiceUnderTest) -> None:
    body = version(ends_at="2020-01-01T00:00:00+08:00", cover={"limit_per_accident": 5, "unknown": "1.00"})
    answer = await put(policy, body)
    assert answer.status_code == 422
    pointers = {one["pointer"] for one in answer.json()["errors"]}
    assert {"#/ends_at", "#/cover/limit_per_accident", "#/cover/unknown"} <= pointers
    assert await policy.rows(Base.metadata.tables["policies"]) == []


async def test_nobody_but_the_core_system_writes_through_the_seam(policy: ServiceUnderTest) -> None:
    refused = await put(policy, version(), who=actor("underwriter", "00.32.3201"))
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    [entry] = await policy.rows(kernel.tables["audit_entries"])
    assert entry["outcome"] == "refused"


async def test_an_import_carries_out_every_line_and_one_bad_line_stops_no_other(policy: ServiceUnderTest) -> None:
    lines = policies(30, 32, date(2026, 11, 24))
    bad = {**lines[3], "premium": 12.5}
    body = "\n".join(json.dumps(one, ensure_ascii=False) for one in [*lines[:3], bad, *lines[4:]])
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": '"batch"'}
    headers["Authorization"] = (await _bearer())["Authorization"]
    answer = await policy.client.post("/v1/core/imports", content=body.encode(), headers=headers)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert job["progress"] == {"done": 0, "total": 30, "failed": 0}
    runner = Runner(policy.db, {IMPORT: import_line(b"d" * 32)})
    await runner.run_once()
    ended = (await policy.get(CORE, f"/v1/jobs/policy/{job['id']}")).json()
    assert (ended["state"], ended["progress"]) == ("succeeded", {"done": 30, "total": 30, "failed": 1})
    results = await policy.get(CORE, f"/v1/jobs/policy/{job['id']}/results")
    told = [json.loads(line) for line in results.text.splitlines()]
    assert len(told) == 30
    assert told[3]["problem"]["errors"][0]["pointer"] == "#/premium"
    assert len(await policy.rows(Base.metadata.tables["policies"])) == 29
    events = await policy.rows(kernel.tables["outbox"])
    assert {one["event"]["data"]["imported"] for one in events if one["subject"] == "policy.policy.issued.v1"} == {True}


async def _bearer() -> dict[str, str]:
    from tests.support.tokens import token

    return {"Authorization": f"Bearer {token(CORE, 'policy')}"}


async def test_insured_persons_are_masked_and_found_by_number(policy: ServiceUnderTest) -> None:
    body = next(one for one in policies(5, 32, date(2026, 11, 24)) if one["policy_no"] == "PPA2026-32-000001")
    number = body.pop("policy_no")
    told = (await put(policy, body, number)).json()
    reader = actor("underwriter", "00.32.3202")
    people = (await policy.get(reader, f"/v1/policies/{told['id']}/insured-persons")).json()["items"]
    plain = body["insured_persons"][0]
    assert people[0]["id_no"] != plain["id_no"]
    assert "*" in people[0]["name"]
    found = await policy.post(reader, "/v1/policies/searches", {"id_no": plain["id_no"]})
    assert [one["policy_no"] for one in found.json()["items"]] == [number]
    events = str(await policy.rows(kernel.tables["outbox"]))
    assert plain["id_no"] not in events
    assert plain["name"] not in events
    elsewhere = await policy.post(
        actor("underwriter", "00.32.3201"), "/v1/policies/searches", {"id_no": plain["id_no"]}
    )
    assert elsewhere.json()["items"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("batch_id=b", "batch_incomplete"),
        ("part=1&of=2", "batch_incomplete"),
        ("batch_id=b&part=3&of=2", "part_beyond_last"),
    ],
)
async def test_a_part_of_a_load_says_which_part_it_is(policy: ServiceUnderTest, query: str, code: str) -> None:
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": '"b"', **await _bearer()}
    answer = await policy.client.post(f"/v1/core/imports?{query}", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert await policy.rows(kernel.tables["jobs"]) == []
