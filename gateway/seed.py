"""The first filling of the gateway's database: tree, teams, people, accounts, tables of limits, rule sets.

Run again it adds only what is missing and changes nothing. Everything goes in with its events, some hundreds of records
to a transaction, so that the services hear of a whole nation as they would of a single unit.

    python -m gateway.seed network FILE     {"units": […], "teams": […], "people": […], "password": "…"}
    python -m gateway.seed first-administrator
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, select

from gateway import events
from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.identity.handlers import new_account, one_time_token
from gateway.identity.machines import register_machine_key
from gateway.identity.passwords import hash_of
from gateway.identity.tables import Account
from gateway.organisation import shapes
from gateway.organisation.tables import Appointment, Person, Team, UnitRow
from gateway.settings import GatewaySettings
from shared.actor import machine
from shared.audit import Entry
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Conflict, Text
from shared.ids import uuid7
from shared.rule_sets import RuleSet, content_hash, read_files

RULE_SETS = Path(__file__).parent / "authority" / "rule_sets"
SERVICES_SEEDS = Path(__file__).parent / "catalogue" / "data" / "rule_sets.json"
OWN_KINDS = ("authority_tables", "calendars", "sla")
HEAD_OFFICE = {
    "code": "00", "name": "总公司", "level": "head_office", "kind": "standard", "parent_code": None, "path": "00",
    "area_codes": [],
}  # fmt: skip
OPENED_ON = date(2020, 1, 1)
BATCH = 500
FIRST = ("A0001", "首任安全管理员")

Row = Mapping[str, Any]
T = TypeVar("T")


class AdministratorExists(Conflict):
    code = "administrator_exists"
    title = Text("已有安全管理员", "There is a security administrator")
    detail = Text("已有可登录的安全管理员，由其解锁。", "A security administrator can sign in; ask that person.")


def _batches(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


async def seed_network(
    db: Database, units: Iterable[Row], teams: Iterable[Row], people: Iterable[Row], password_hash: str | None
) -> dict[str, int]:
    """Bring in the tables of limits, the rule sets, and this network; how many of each were new.

    `units`: `{code, name, level, kind, parent_code, path, area_codes[], opened_on?}`, parents first; `teams`:
    `{unit_code, code, name, from, to}`; `people`: `{staff_no, login, name, kind, appointments: [{position, unit_code,
    from, to}]}`. Every account gets `password_hash`; None: nobody can sign in before a one-time token was given.
    """
    found = await seed_rules(db)
    found["units"] = await _seed_units(db, list(units), list(teams))
    found["people"] = await _seed_people(db, list(people), password_hash)
    return found


def _services_seeds() -> Iterator[RuleSet]:
    """The seeds of the services, copied together by `make contracts`: listed here, loaded by each service itself."""
    for one in json.loads(SERVICES_SEEDS.read_text(encoding="utf-8")):
        if one["name"] not in OWN_KINDS:
            yield RuleSet(**{**one, "effective_from": date.fromisoformat(one["effective_from"])})


async def seed_rules(db: Database) -> dict[str, int]:
    """The tables of limits and the rule sets: the gateway's own with their events, the services' to be listed."""
    new = {"authority_tables": 0, "rule_sets": 0}
    async with db.transaction(machine(db.service)) as tx:
        tables = set(await tx.scalars(select(AuthorityTableRow.table_version)))
        sets = {(row.kind, row.rule_version) for row in await tx.scalars(select(RuleSetRow))}
        for one in (*read_files(RULE_SETS), *_services_seeds()):
            common = {"id": uuid7(), "version": 1, "org_path": "00", "effective_from": one.effective_from}
            if one.name == "authority_tables" and one.version not in tables:
                row: Any = AuthorityTableRow(
                    **common, table_version=one.version, entries=one.content["entries"], published=True,
                    proposed_by=None, proposed_level="head_office", published_by=None, published_at=tx.now,
                )  # fmt: skip
                told: Any = events.AuthorityTablePublished(
                    version=one.version, effective_from=one.effective_from, entries=row.entries
                )
                new["authority_tables"] += 1
            elif one.name != "authority_tables" and (one.name, one.version) not in sets:
                row = RuleSetRow(
                    **common, kind=one.name, rule_version=one.version, source=one.source, tag=one.tag,
                    content=one.content, content_hash=content_hash(one.content), published_by=None,
                )  # fmt: skip
                told = events.RuleSetPublished(
                    name=one.name, version=one.version, effective_from=one.effective_from, content=one.content
                )
                new["rule_sets"] += 1
            else:
                continue
            tx.add(row)
            if one.name in OWN_KINDS:
                tx.publish(told, row)
            _note(tx, row.record_type, row.id)
    return new


def _note(tx: Transaction, kind: str, about: UUID | None) -> None:
    tx.note_act(Entry(action="seed", object_type=kind, object_id=about, org_path="00", in_history=False))


async def _seed_units(db: Database, units: list[Row], teams: list[Row]) -> int:
    async with db.transaction(machine(db.service)) as tx:
        known = {row.code: row.org_path for row in await tx.execute(select(UnitRow.code, UnitRow.org_path))}
        known_teams = set(await tx.scalars(select(Team.code)))
    fresh, paths = [dict(one) for one in units if one["code"] not in known], dict(known)
    for one in fresh:  # below a parent that has moved since the file was written
        paths[one["code"]] = one["path"] = ".".join(filter(None, (paths.get(one["parent_code"]), one["code"])))
    fresh_teams: dict[str, list[Row]] = {}
    for one in (team for team in teams if team["code"] not in known_teams):
        fresh_teams.setdefault(one["unit_code"], []).append(one)
    for batch in _batches(fresh):
        await _add_units(db, batch, fresh_teams)
    for codes in _batches([code for code in fresh_teams if code in known]):
        await _add_teams(db, codes, fresh_teams)
    return len(fresh)


async def _add_units(db: Database, batch: Sequence[Row], teams: Mapping[str, list[Row]]) -> None:
    async with db.transaction(machine(db.service)) as tx:
        units = [_unit(tx, one) for one in batch]
        await tx.execute(insert(UnitRow), [_columns(one) for one in units])
        await _with_teams(tx, units, teams, {})
        _note(tx, "unit", None)


async def _add_teams(db: Database, codes: Sequence[str], teams: Mapping[str, list[Row]]) -> None:
    async with db.transaction(machine(db.service)) as tx:
        units = await tx.scalars(select(UnitRow).where(UnitRow.code.in_(codes)))
        held: dict[str, list[Team]] = {}
        for team in await tx.scalars(select(Team).where(Team.unit_code.in_(codes))):
            held.setdefault(team.unit_code, []).append(team)
        await _with_teams(tx, units, teams, held)
        _note(tx, "team", None)


async def _with_teams(
    tx: Transaction, units: Sequence[UnitRow], teams: Mapping[str, list[Row]], held: Mapping[str, list[Team]]
) -> None:
    """The teams of these units, and one event for each unit that names all of its teams."""
    new = {unit.code: [_team(tx, one, unit) for one in teams.get(unit.code, ())] for unit in units}
    rows = [_columns(team) for of_unit in new.values() for team in of_unit]
    if rows:
        await tx.execute(insert(Team), rows)
    for unit in units:
        everyone = sorted([*held.get(unit.code, ()), *new[unit.code]], key=lambda team: team.code)
        tx.publish(shapes.unit_changed(unit, everyone, effective_on=unit.opened_on), unit)


def _unit(tx: Transaction, one: Row) -> UnitRow:
    return UnitRow(
        id=uuid7(), version=1, org_path=one["path"], created_at=tx.now, updated_at=tx.now, code=one["code"],
        name=one["name"], level=one["level"], kind=one["kind"], parent_code=one["parent_code"],
        area_codes=list(one["area_codes"]), opened_on=_day(one.get("opened_on")) or OPENED_ON, closed_on=None,
    )  # fmt: skip


def _team(tx: Transaction, one: Row, unit: UnitRow) -> Team:
    return Team(
        id=uuid7(), version=1, org_path=unit.org_path, created_at=tx.now, updated_at=tx.now, unit_id=unit.id,
        unit_code=unit.code, code=one["code"], name=one["name"], from_on=_day(one["from"]), to_on=_day(one["to"]),
    )  # fmt: skip


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


async def _seed_people(db: Database, people: list[Row], password_hash: str | None) -> int:
    async with db.transaction(machine(db.service)) as tx:
        known = set(await tx.scalars(select(Person.staff_no)))
        units = {row.code: row for row in await tx.scalars(select(UnitRow))}
    fresh = [one for one in people if one["staff_no"] not in known]
    for batch in _batches(fresh):
        async with db.transaction(machine(db.service)) as tx:
            await _add_people(tx, batch, units, password_hash)
    return len(fresh)


async def _add_people(tx: Transaction, batch: Sequence[Row], units: Mapping[str, UnitRow], hashed: str | None) -> None:
    persons = [_person(tx, one, units) for one in batch]
    held = [
        (person, _appointment(tx, post, person, units[post["unit_code"]]))
        for person, one in zip(persons, batch, strict=True)
        for post in one["appointments"]
    ]
    accounts = [
        {"person_id": person.id, "login": one["login"], "password_hash": hashed, "created_at": tx.now}
        | {"password_set_at": tx.now if hashed else None}
        for person, one in zip(persons, batch, strict=True)
        if one["kind"] == "person"
    ]
    await tx.execute(insert(Person), [_columns(one) for one in persons])
    await tx.execute(insert(Appointment), [_columns(row) for _, row in held])
    if accounts:
        await tx.execute(insert(Account), accounts)
    for person in persons:
        tx.publish(shapes.person_changed(person), person)
    for person, row in held:
        tx.publish(shapes.appointment_changed(row, person), row)
    _note(tx, "person", None)


def _person(tx: Transaction, one: Row, units: Mapping[str, UnitRow]) -> Person:
    home = units[one["appointments"][0]["unit_code"]].org_path if one["appointments"] else "00"
    return Person(
        id=uuid7(), version=1, org_path=home, created_at=tx.now, updated_at=tx.now, staff_no=one["staff_no"],
        name=one["name"], kind=one["kind"], active=True, auth_epoch=1, digests=[],
    )  # fmt: skip


def _appointment(tx: Transaction, post: Row, person: Person, unit: UnitRow) -> Appointment:
    return Appointment(
        id=uuid7(), org_path=unit.org_path, created_at=tx.now, person_id=person.id, unit_id=unit.id,
        unit_code=unit.code, position=post["position"], from_on=_day(post["from"]), to_on=_day(post["to"]),
    )  # fmt: skip


async def issue_first_admin_token(db: Database) -> str:
    """A one-time token for the first security administrator (login `a0001`), who is entered where missing.

    For an installation without any account: the head office, the tables of limits and the rule sets come with it.
    Raises `AdministratorExists` once somebody holding that position has a password.
    """
    async with db.transaction(machine(db.service)) as tx:
        holds = select(Appointment.person_id).where(Appointment.position == "security_admin")
        ready = select(Account.person_id).where(Account.password_hash.is_not(None), Account.person_id.in_(holds))
        if await tx.scalar(ready.limit(1)):
            raise AdministratorExists()
        today = legal_day(tx.now)
    staff_no, name = FIRST
    post = {"position": "security_admin", "unit_code": "00", "from": today, "to": None}
    person = {"staff_no": staff_no, "login": staff_no.lower(), "name": name, "kind": "person", "appointments": [post]}
    await seed_network(db, [HEAD_OFFICE], [], [person], None)
    async with db.transaction(machine(db.service)) as tx:
        person_id = await tx.scalar(select(Person.id).where(Person.staff_no == staff_no))
        if await tx.scalar(select(Account.person_id).where(Account.person_id == person_id)) is None:
            new_account(tx, person_id, staff_no)
        _note(tx, "person", person_id)
        return await one_time_token(tx, person_id)


async def _network(db: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    hashed = hash_of(given["password"]) if given.get("password") else None
    found: dict[str, Any] = await seed_network(db, given["units"], given["teams"], given["people"], hashed)
    for staff_no, public_key in given.get("machine_keys", {}).items():
        await register_machine_key(db, staff_no, public_key)
    return found


async def _main(arguments: list[str], given: Mapping[str, Any]) -> int:
    db = Database("gateway", GatewaySettings().database(), pool=2, application="gateway-seed")  # type: ignore[call-arg]
    try:
        if len(arguments) == 2 and arguments[0] == "network":
            sys.stdout.write(json.dumps(await _network(db, given)) + "\n")
        elif arguments == ["first-administrator"]:
            sys.stdout.write(f"{FIRST[0].lower()} {await issue_first_admin_token(db)}\n")
        else:
            sys.stderr.write(__doc__ or "")
            return 2
    except AdministratorExists:
        sys.stderr.write(f"{AdministratorExists.detail.en}\n")
        return 1
    finally:
        await db.close()
    return 0


if __name__ == "__main__":
    # the file holds a password for everybody, so it is read once and never named in a log
    read = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")) if sys.argv[1:2] == ["network"] else {}
    sys.exit(asyncio.run(_main(sys.argv[1:], read)))
