"""The whole gateway before the real claims service, and one service that is down: from sign-in to audit trail."""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gateway.app import create_app
from shared.actor import machine
from shared.database import Database
from tests.service.claims.test_intake import report
from tests.support import engines, gateway, services
from tests.support.forwarding_world import served
from tests.support.gateway import GatewayUnderTest


@dataclass
class Stack:
    """The gateway over HTTP, and the database of the claims service behind it."""

    gateway: GatewayUnderTest
    claims: Database


@pytest.fixture
async def stack(
    database_urls: Mapping[str, str], owner_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[Stack]:
    folder = tmp_path / "claims"
    folder.mkdir()
    chosen = services.settings_of("claims", database_urls["claims"], folder)
    (folder / "keys.json").write_text(json.dumps({"keys": [gateway.SIGNING.as_dict(private=False)]}))
    claims = importlib.import_module("services.claims.app").create_app(chosen)
    await services.fill_directory(claims.state.db)
    async with served(claims) as port:
        urls = {"claims": f"http://localhost:{port}", "policy": "http://localhost:1"}
        settings = gateway.settings_of(database_urls["gateway"], tmp_path, service_urls=urls, docs=True)
        app = create_app(settings)
        await gateway.fill(app.state.db)
        async with served(app) as front, httpx.AsyncClient(base_url=f"http://localhost:{front}") as client:
            yield Stack(GatewayUnderTest(app, client, app.state.db), claims.state.db)


async def test_a_report_goes_in_at_the_door_and_comes_up_in_inbox_and_audit_trail(stack: Stack):
    gate = stack.gateway
    agent = await gate.enter("service_agent", "320102")
    told = await gate.post(agent, "/v1/claims", report())
    assert told.status_code == 201, told.text
    claim = told.json()
    assert told.headers["location"] == f"/v1/claims/{claim['id']}"
    read = await gate.get(agent, told.headers["location"])
    assert (read.status_code, read.json()["claim_no"]) == (200, claim["claim_no"])
    assert read.headers["etag"]

    inbox = (await gate.get(agent, "/v1/work-items")).json()
    assert inbox["partial"] == ["policy"]
    assert inbox["next_cursor"] is None
    assert {one["record"]["id"] for one in inbox["items"]} == {claim["id"]}
    await _narrow(gate, agent, len(inbox["items"]))

    sibling = await gate.enter("service_agent", "320104")
    assert (await gate.get(sibling, told.headers["location"])).status_code == 404
    assert (await gate.get(sibling, "/v1/work-items")).json()["items"] == []


async def _narrow(gate: GatewayUnderTest, agent: Any, whole: int) -> None:
    """The filters of the inbox, each against the same items."""

    async def found(query: str) -> int:
        answer = await gate.get(agent, f"/v1/work-items?{query}")
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert whole > 0
    assert await found("unit_code=320102") == whole
    assert await found("unit_code=320104") == 0
    assert await found("kind=no_such_work") == 0
    assert await found("overdue=true") == 0
    counts = (await gate.get(agent, "/v1/work-items/counts?group_by=unit")).json()
    assert sum(one["open"] for one in counts["items"]) == whole
    unknown = await gate.get(agent, "/v1/work-items?assignees=me")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_parameter")
    bad = await gate.get(agent, "/v1/work-items?assignee=somebody")
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid_parameter")


async def test_the_auditor_reads_what_was_done_and_tried_everywhere(stack: Stack):
    gate = stack.gateway
    agent, auditor = await gate.enter("service_agent", "320102"), await gate.enter("auditor", "00")
    claim = (await gate.post(agent, "/v1/claims", report())).json()
    refused = await gate.post(agent, f"/v1/claims/{claim['id']}/approvals", {"kind": "decision", "amount": "1.00"})
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    assert (await gate.get(agent, "/v1/audit-entries")).status_code == 403

    page = (await gate.get(auditor, f"/v1/audit-entries?object_id={claim['id']}")).json()
    assert page["partial"] == ["policy"]
    assert [(one["chain"], one["entry"]["action"], one["entry"]["outcome"]) for one in page["items"]] == [
        ("gateway:00.32.3201", "POST /v1/claims/{claim_id}/approvals", "refused"),
        ("claims:00.32.3201", "report", "done"),
    ]
    at_unit = (await gate.get(auditor, "/v1/audit-entries?unit_code=320104")).json()
    assert at_unit["items"] == []
    await _walk(gate, auditor)


async def _walk(gate: GatewayUnderTest, auditor: Any) -> None:
    """Pages of one entry each give what one page of all gives."""
    everything = (await gate.get(auditor, "/v1/audit-entries?limit=200")).json()["items"]
    assert len(everything) > 3
    found, cursor = [], ""
    while True:
        answer = await gate.get(auditor, f"/v1/audit-entries?limit=2{cursor}")
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    # reading writes nothing, so nothing came between the pages
    assert [(one["chain"], one["n"]) for one in found] == [(one["chain"], one["n"]) for one in everything]
    other = await gate.get(auditor, f"/v1/audit-entries?outcome=done{cursor}")
    assert (other.status_code, other.json()["code"]) == (422, "cursor_invalid")


async def test_a_forged_entry_is_named_by_the_verification(stack: Stack, owner_urls: Mapping[str, str]):
    gate = stack.gateway
    agent, auditor = await gate.enter("service_agent", "320102"), await gate.enter("auditor", "00")
    for _ in range(2):
        assert (await gate.post(agent, "/v1/claims", report())).status_code == 201
    told = (await gate.get(auditor, "/v1/audit-entries/verification")).json()
    assert (told["intact"], told["partial"]) == (False, ["policy"])
    assert all(one["head"] == "ok" and "first_broken" not in one for one in told["items"])
    assert {one["chain"].split(":")[0] for one in told["items"]} == {"claims", "gateway"}

    owner = Database("claims", owner_urls["claims"])
    async with owner.transaction(machine("claims")) as tx:
        await tx.execute(text("alter table audit_entries disable trigger user"))
        await tx.execute(
            text("update audit_entries set entry = replace(entry, '\"report\"', '\"settle\"') where n = 1")
        )
        await tx.execute(text("alter table audit_entries enable trigger user"))
    await owner.close()
    told = (await gate.get(auditor, "/v1/audit-entries/verification")).json()
    broken = [(one["chain"], one["first_broken"]) for one in told["items"] if "first_broken" in one]
    assert broken == [("claims:00.32.3201", 1)]


async def test_documents_and_pages_are_served_whole_and_kept(stack: Stack):
    client = stack.gateway.client
    document = await client.get("/openapi.json")
    assert (document.status_code, document.headers["cache-control"]) == (200, "max-age=300")
    assert "/v1/claims/{claim_id}/approvals" in document.json()["paths"]
    again = await client.get("/openapi.json", headers={"If-None-Match": document.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == document.headers["etag"]
    assert "claims.claim.reported.v1" in (await client.get("/asyncapi.json")).json()["channels"]
    page = await client.get("/docs")
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    for name in ("scalar.js", "docs.js"):
        assert f"/docs/static/{name}" in page.text
        script = await client.get(f"/docs/static/{name}")
        assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert (await client.get("/docs/static/../queries.py")).status_code in (400, 401, 404)
    problems = await client.get("/docs/problems")
    assert '<tr id="authority_exceeded">' in problems.text


async def test_reference_lists_have_names_in_both_languages_and_a_tag(stack: Stack):
    gate = stack.gateway
    agent = await gate.enter("service_agent", "320102")
    answer = await gate.get(agent, "/v1/reference/claim-statuses")
    assert answer.json()["items"][0] == {"value": "reported", "zh": "已报案", "en": "Reported"}
    tagged = await gate.get(agent, "/v1/reference/claim-statuses", headers={"If-None-Match": answer.headers["etag"]})
    assert (tagged.status_code, tagged.headers["cache-control"]) == (304, "max-age=300")
    provinces = (await gate.get(agent, "/v1/reference/divisions")).json()["items"]
    assert len(provinces) == 31
    below = (await gate.get(agent, "/v1/reference/divisions?parent=3201")).json()["items"]
    assert {"value": "320102", "zh": "玄武区"} in below
    deadlines = (await gate.get(agent, "/v1/reference/deadlines")).json()["items"]
    assert {"DL-CL-1", "DL-RV-1"} <= {one["id"] for one in deadlines}
    assert (await gate.get(agent, "/v1/reference/calendars")).status_code == 200
    assert (await gate.get(agent, "/v1/reference/no-such-list")).status_code == 404
    assert (await gate.get(agent, "/v1/reference/lines?parent=1")).json()["code"] == "unknown_parameter"
