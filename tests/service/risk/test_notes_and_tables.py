"""Notes between colleagues, and what of loss prevention leaves as a table."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from services.risk.table_export.shapes import COLLECTIONS
from services.risk.worker import JOBS
from shared.audit import audit_entries
from shared.job_runner import Runner
from shared.kernel import kernel
from tests.support.hazard_world import GENERAL, HEAD, curing, noticed, rated, visit
from tests.support.risk_world import ELSEWHERE, ENGINEER, appoint
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

ITEMS = kernel.tables["work_items"]
SURVEYOR = actor("surveyor", "00.32.3201.320102", name="surveyor-320102")


async def test_a_note_is_read_by_those_it_mentions_and_is_no_new_version(risk: ServiceUnderTest) -> None:
    await appoint(risk, SURVEYOR)
    name = (await curing(risk))["hazards"][0]["id"]
    before = (await risk.get(ENGINEER, f"/v1/hazards/{name}")).json()["version"]
    path = f"/v1/hazards/{name}/notes"
    written = await risk.post(ENGINEER, path, {"text": "请现场核对", "mentions": [str(SURVEYOR.person_id)]})
    assert (written.status_code, written.json()["record"]["version"]) == (201, before), written.text
    [item] = [one for one in await risk.rows(ITEMS) if one["kind"] == "read_note"]
    assert (item["person_id"], item["closed_at"], item["action_href"]) == (SURVEYOR.person_id, None, path)
    answered = await risk.post(SURVEYOR, path, {"text": "已核对"})
    assert answered.status_code == 201, answered.text
    [item] = [one for one in await risk.rows(ITEMS) if one["kind"] == "read_note"]
    assert item["closed_at"] is not None
    listed = (await risk.get(ENGINEER, path)).json()["items"]
    assert [one["text"] for one in listed] == ["请现场核对", "已核对"]
    foreign = await risk.post(ENGINEER, path, {"text": "请看", "mentions": [str(ELSEWHERE.person_id)]})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "reference_not_found")
    assert (await risk.get(ELSEWHERE, path)).status_code == 404
    history = (await risk.get(ENGINEER, f"/v1/hazards/{name}/history")).json()["items"]
    assert [one["action"] for one in history].count("write_note") == 2
    assert "请现场核对" not in str(history)


async def table(risk: ServiceUnderTest, who: Any, collection: str, **filters: str) -> list[list[str]]:
    """The rows of an exported table, its titles first."""
    columns = list(COLLECTIONS[collection].columns)
    body = {"collection": collection, "columns": columns, "filters": filters, "format": "csv", "purpose": "季度分析"}
    asked = await risk.post(who, "/v1/exports/risk", body)
    assert asked.status_code == 202, asked.text
    await Runner(risk.db, JOBS).run_once()
    read = (await risk.get(who, f"/v1/exports/risk/{asked.json()['id']}")).json()
    assert read["state"] == "made", read
    file = await risk.get(who, read["file_url"])
    assert file.status_code == 200
    return list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("collection", sorted(COLLECTIONS))
async def test_every_collection_leaves_with_all_its_columns(risk: ServiceUnderTest, collection: str) -> None:
    high = {"limit_per_accident": "5000000.00", "aggregate_limit": "9000000.00"}
    await curing(risk, cover=high)
    rows = await table(risk, HEAD, collection)
    titles = [one.title for one in COLLECTIONS[collection].columns.values()]
    at = next(n for n, row in enumerate(rows) if row[: len(titles)] == titles)
    expected = 0 if collection == "sites" else 1
    assert len([row for row in rows[at + 1 :] if row and len(row[0]) == 36]) >= expected


async def test_a_table_holds_what_the_list_shows_and_is_noted(risk: ServiceUnderTest) -> None:
    world = await curing(risk)
    seen = await visit(risk)
    more = await rated(risk, seen["id"], GENERAL)
    await noticed(risk, seen["id"], more)
    rows = await table(risk, HEAD, "hazards", status="rectifying")
    ids = {row[0] for row in rows if row and len(row[0]) == 36}
    assert ids == {world["hazards"][0]["id"]}
    surveyor = await risk.post(
        SURVEYOR, "/v1/exports/risk", {"collection": "hazards", "columns": ["id"], "format": "csv", "purpose": "分析用"}
    )
    assert surveyor.status_code == 403
    acts = [one["action"] for one in await risk.rows(audit_entries) if one["object_type"] == "export"]
    assert "take_export" in acts
    assert UUID(next(iter(ids)))
