"""The first filling: everything once, with its events, and a service's copy made from them alone."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import select

from embedded.demonstration.network import province_codes, teams, units
from embedded.demonstration.people import people
from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.identity.passwords import matches
from gateway.identity.tables import Account, MachineKey, OneTimeToken
from gateway.identity.tokens import digest
from gateway.organisation.tables import Appointment, Person, Team, UnitRow
from gateway.seed import seed_network
from gateway.settings import GatewaySettings
from shared.actor import machine
from shared.database import Database
from shared.directory import (
    DIRECTORY_CONSUMERS,
    authority_table_at,
    directory_appointments,
    directory_persons,
    directory_units,
    units_on_path,
)
from shared.events import encode
from shared.inbox import Arrival, Inbox, Outcome
from shared.kernel import kernel
from shared.rule_sets import RULE_SET_CONSUMERS, in_force
from tests.support import engines
from tests.support.gateway import HASH, GatewayUnderTest, settings_of
from tests.support.tokens import ROOT

OUTBOX = kernel.tables["outbox"]
TABLES = (UnitRow, Team, Person, Appointment, Account, AuthorityTableRow, RuleSetRow)


@pytest.fixture
async def database(database_urls: Mapping[str, str], clean_databases: engines.Clones) -> Any:
    db = Database("gateway", database_urls["gateway"], pool=5)
    yield db
    await db.close()


async def _rows(db: Database, table: Any) -> list[dict[str, Any]]:
    async with db.transaction(machine(db.service)) as tx:
        rows = [dict(row) for row in (await tx.execute(select(table))).mappings()]
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


async def test_a_second_run_adds_nothing(database: Database) -> None:
    first = await seed_network(database, units(), teams(), people(), HASH)
    assert first == {"authority_tables": 1, "rule_sets": 35, "units": 120, "people": 681}
    before = {table: await _rows(database, table.__table__) for table in TABLES}
    events = await _rows(database, OUTBOX)
    second = await seed_network(database, units(), teams(), people(), "another hash")
    assert second == {"authority_tables": 0, "rule_sets": 0, "units": 0, "people": 0}
    assert {table: await _rows(database, table.__table__) for table in TABLES} == before
    assert await _rows(database, OUTBOX) == events
    assert len(before[Account]) == 679, "machines have no password"


async def test_every_record_has_its_event_and_no_event_a_name(database: Database) -> None:
    await seed_network(database, units(), teams(), people(), HASH)
    events = await _rows(database, OUTBOX)
    count = {
        subject: sum(one["subject"] == subject for one in events) for subject in {one["subject"] for one in events}
    }
    assert count == {
        "organisation.unit.changed.v1": 120,
        "organisation.person.changed.v1": 681,
        "organisation.appointment.changed.v1": 681,
        "organisation.authority_table.published.v1": 1,
        "organisation.rule_set.published.v1": 2,
    }
    persons = [one for one in events if one["subject"].split(".")[1] in ("person", "appointment")]
    told = str([one["event"] for one in persons])
    assert not [one["name"] for one in people() if one["name"] in told]


async def test_another_province_and_new_teams_are_added_later(database: Database) -> None:
    await seed_network(database, units(), [], people(), HASH)
    found = await seed_network(database, units(province_codes()), teams(), people(), HASH)
    assert found["units"] == 3383 - 120
    told = [
        one for one in await _rows(database, OUTBOX) if one["event"]["data"].get("unit_code") == "320102"
    ]  # fmt: skip
    units_told = [one for one in told if one["subject"] == "organisation.unit.changed.v1"]
    assert sorted(one["record_version"] for one in units_told) == [1, 2]  # rows come sorted as text
    latest = max(units_told, key=lambda one: one["record_version"])
    assert {one["team_code"] for one in latest["event"]["data"]["teams"]} == {"320102-T01", "320102-T02"}


async def _fed(claims: Database, events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The copy that a service makes of these events, in the order given."""
    inbox = Inbox(claims, (*DIRECTORY_CONSUMERS, *RULE_SET_CONSUMERS))
    for one in events:
        taken = await inbox.take(Arrival.of(one["subject"], encode(one["event"])))
        assert taken.outcome in (Outcome.APPLIED, Outcome.SEEN), (one["subject"], taken)
    tables = (directory_units, directory_persons, directory_appointments)
    return {table.name: await _rows(claims, table) for table in tables}


async def test_a_service_has_the_same_copy_whatever_the_order_and_however_often(
    gateway: GatewayUnderTest, clean_databases: engines.Clones, database_urls: Mapping[str, str]
) -> None:
    admin = await gateway.enter("security_admin", "32")
    await _lively(gateway, admin)
    events = sorted(await gateway.rows(OUTBOX), key=lambda one: one["id"])
    claims = Database("claims", database_urls["claims"], pool=5)
    try:
        await clean_databases.reset("claims")
        in_order = await _fed(claims, events)
        await clean_databases.reset("claims")
        mixed = events + random.Random(7).sample(events, 40)
        random.Random(11).shuffle(mixed)
        assert await _fed(claims, mixed) == in_order
        await _same_as(gateway, in_order)
        async with claims.transaction(machine("claims")) as tx:
            assert (await authority_table_at(tx)).version == "2026-1"
            assert (await in_force(tx, "calendars")).version == "2026-1"
            path = [unit.code for unit in await units_on_path(tx, "00.32.3201.320102")]
        assert path == ["320102", "3201", "32", "00"]
    finally:
        await claims.close()


async def _lively(gateway: GatewayUnderTest, admin: Any) -> None:
    """A unit renamed, a team opened, somebody appointed and another one gone."""
    unit = (await gateway.get(admin, "/v1/units?code=320102")).json()["items"][0]
    await gateway.call(admin, "PATCH", f"/v1/units/{unit['id']}", {"name": "新名"}, version=1)
    team = {"unit_code": "320102", "code": "320102-T09", "name": "九队", "from": "2026-12-01"}
    assert (await gateway.post(admin, "/v1/teams", team)).status_code == 201
    person = await gateway.person("S0013")
    body = {"position": "service_agent", "unit_code": "3201", "from": "2026-01-01", "to": "2027-01-01"}
    path = f"/v1/people/{person['id']}/appointments"
    assert (await gateway.post(admin, path, body, version=1)).status_code == 201
    left = await gateway.person("S0014")
    done = await gateway.call(admin, "PATCH", f"/v1/people/{left['id']}", {"active": False}, version=1)
    assert done.status_code == 200


async def _same_as(gateway: GatewayUnderTest, copy: Mapping[str, list[dict[str, Any]]]) -> None:
    stored = {row["code"]: row for row in await gateway.rows(UnitRow.__table__)}
    assert len(copy["directory_units"]) == len(stored)
    for row in copy["directory_units"]:
        unit = stored[row["code"]]
        assert (row["path"], row["level"], row["kind"], row["name"], row["parent_code"], row["area_codes"]) == (
            unit["org_path"], unit["level"], unit["kind"], unit["name"], unit["parent_code"], unit["area_codes"],
        )  # fmt: skip
    held = {row["id"]: row for row in await gateway.rows(Appointment.__table__)}
    assert {
        (row["appointment_id"], row["position"], row["unit_code"], row["path"], row["from_on"], row["to_on"])
        for row in copy["directory_appointments"]
    } == {
        (key, row["position"], row["unit_code"], row["org_path"], row["from_on"], row["to_on"])
        for key, row in held.items()
    }
    people_held = await gateway.rows(Person.__table__)
    assert {(row["person_id"], row["staff_no"], row["active"]) for row in copy["directory_persons"]} == {
        (row["id"], row["staff_no"], row["active"]) for row in people_held
    }


async def _command(settings: GatewaySettings, *arguments: str) -> str:
    given = {
        f"GATEWAY_{name.upper()}": str(value)
        for name, value in settings.model_dump(include=set(settings.model_fields_set)).items()
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.seed", *arguments, env={**os.environ, **given}, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, fault = await process.communicate()
    assert process.returncode == 0, fault.decode()
    return out.decode()


async def test_the_command_fills_a_database_and_names_what_was_new(database: Database, tmp_path: Path) -> None:
    settings = settings_of(database.engine.url.render_as_string(hide_password=False), tmp_path)
    public = OKPKey.generate_key("Ed25519").as_dict(private=False)
    network = {
        "units": units(), "teams": teams(), "people": people(), "password": "Anlan-2026-demo",
        "machine_keys": {"M0001": public},
    }  # fmt: skip
    file = tmp_path / "network.json"
    file.write_text(json.dumps(network), encoding="utf-8")
    told = json.loads(await _command(settings, "network", str(file)))
    assert told == {"authority_tables": 1, "rule_sets": 35, "units": 120, "people": 681}
    assert [one["public_key"] for one in await _rows(database, MachineKey.__table__)] == [public]
    account = (await _rows(database, Account.__table__))[0]
    assert await matches(account["password_hash"], "Anlan-2026-demo")


async def test_the_command_gives_the_first_administrator_a_token(database: Database, tmp_path: Path) -> None:
    settings = settings_of(database.engine.url.render_as_string(hide_password=False), tmp_path)
    login, token = (await _command(settings, "first-administrator")).split()
    stored = await _rows(database, OneTimeToken.__table__)
    assert (login, [one["token_hash"] for one in stored]) == ("a0001", [digest(token)])
    assert stored[0]["expires_at"] - stored[0]["created_at"] == timedelta(minutes=15)
    assert [one["code"] for one in await _rows(database, UnitRow.__table__)] == ["00"]
