"""Notes on a policy, and tables that leave the service."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from embedded.demonstration.policies import policies
from services.policy.table_export.shapes import COLLECTIONS
from services.policy.worker import jobs
from shared.job_runner import Runner
from shared.kernel import kernel
from tests.support.risk_world import appoint
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

CORE = actor("core_system", "00")
OWN = "00.32.3201.320102"
WRITER = actor("service_agent", OWN)
READER = actor("underwriter", "00.32.3201")
STRANGER = actor("underwriter", "00.32.3202")
HEAD = actor("department_head", "00.32")
NUMBER = "PLL2026-32-000001"


@pytest.fixture
async def policy_id(policy: ServiceUnderTest) -> str:
    body = next(one for one in policies(5, 32, date(2026, 11, 24)) if one["policy_no"] == NUMBER)
    told = {name: value for name, value in body.items() if name != "policy_no"} | {"unit_code": "320102"}
    answer = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", told)
    await appoint(policy, WRITER, READER, STRANGER)
    return answer.json()["id"]


async def write(policy: ServiceUnderTest, policy_id: str, who: Any = WRITER, *mentions: Any) -> Any:
    body = {"text": "客户要求改期", "mentions": [str(one.person_id) for one in mentions]}
    return await policy.post(who, f"/v1/policies/{policy_id}/notes", body)


async def test_a_note_is_read_by_whom_it_mentions_and_leaves_the_version(
    policy: ServiceUnderTest, policy_id: str
) -> None:
    assert (await write(policy, policy_id, WRITER, READER)).status_code == 201
    [item] = await policy.rows(kernel.tables["work_items"], kind="read_note")
    assert (item["person_id"], item["unit_code"]) == (READER.person_id, "3201")
    assert (await write(policy, policy_id, READER)).status_code == 201
    [item] = await policy.rows(kernel.tables["work_items"], kind="read_note")
    assert item["closed_at"] is not None
    notes = (await policy.get(WRITER, f"/v1/policies/{policy_id}/notes")).json()["items"]
    assert [one["person"]["staff_no"] for one in notes] == [WRITER.staff_no, READER.staff_no]
    assert (await policy.get(WRITER, f"/v1/policies/{policy_id}")).json()["version"] == 1
    assert "改期" not in str(await policy.rows(kernel.tables["history"]))


async def test_whoever_does_not_see_the_policy_is_not_mentioned(policy: ServiceUnderTest, policy_id: str) -> None:
    refused = await write(policy, policy_id, WRITER, STRANGER)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "mention_not_possible")
    assert (await policy.get(STRANGER, f"/v1/policies/{policy_id}/notes")).status_code == 404


@pytest.mark.parametrize("collection", list(COLLECTIONS))
async def test_every_collection_leaves_as_a_table_with_all_its_columns(
    policy: ServiceUnderTest, policy_id: str, collection: str
) -> None:
    columns = list(COLLECTIONS[collection].columns)
    body = {"collection": collection, "columns": columns, "format": "csv", "purpose": "monthly look"}
    asked = await policy.post(HEAD, "/v1/exports/policy", body)
    assert asked.status_code == 202, asked.text
    await Runner(policy.db, jobs(b"d" * 32)).run_once()
    made = (await policy.get(HEAD, f"/v1/exports/policy/{asked.json()['id']}")).json()
    assert made["state"] == "made", made
    assert made["row_count"] == (1 if collection == "policies" else made["row_count"])
