"""A rule set published at the gateway is in every service before its day, and counts there from that day on."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.authority.tables import RuleSetRow
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.rule_sets import in_force, rule_sets
from tests.support.system import SERVICES, System


async def _version(system: System, service: str, kind: str) -> str:
    async with system.workers[service].database.transaction(machine(service)) as tx:
        return (await in_force(tx, kind)).version


@pytest.mark.parametrize("kind", ["deadlines", "calendars", "thresholds", "sampling", "sla", "message_templates"])
async def test_a_published_version_counts_in_every_service_from_its_day(
    system: System, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await system.enter("rules_manager", "00")
    [seed] = await system.gateway.rows(RuleSetRow.__table__, RuleSetRow.kind == kind)
    tomorrow = legal_day(process_now()) + timedelta(days=1)
    path, body = f"/v1/rule-sets/{kind}", {"effective_from": tomorrow.isoformat(), "content": seed["content"]}
    wrong = copy.deepcopy(body)
    wrong["content"]["surprise"] = True
    assert (await system.gateway.post(who, path, wrong)).status_code == 422
    done = await system.gateway.post(who, path, body)
    assert done.status_code == 201, done.text
    await system.drain()
    version = done.json()["rule_version"]
    for service in SERVICES:
        rows = await system.rows(service, rule_sets.select().where(rule_sets.c.name == kind))
        new = [one for one in rows if one["effective_from"] >= tomorrow]
        assert [(one["version"], one["content"]) for one in new] == [(version, seed["content"])], service
    readers = [one for one in SERVICES if kind in ("calendars", "sla") or one in _OWNERS[kind]]
    assert {await _version(system, one, kind) for one in readers} == {seed["rule_version"]}
    (tmp_path / "clock").write_text("86400", encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    assert {await _version(system, one, kind) for one in readers} == {version}


_OWNERS = {
    "deadlines": ("claims",), "thresholds": ("risk",), "sampling": ("crm",),
    "message_templates": ("claims", "complaints"),
}  # fmt: skip
"""Whose seed it is: the others first hear of it with the version that was published."""
