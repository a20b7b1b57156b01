"""Take a list line by line, and put it in force as a whole once every line is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.policy import events
from services.policy.core import shapes as core_shapes
from services.policy.core.handlers import open_difference
from services.policy.core.rules import owner_of
from services.policy.insured_list import queries, rules
from services.policy.insured_list.schemas import ListLine, RemovalLine
from services.policy.insured_list.tables import InsuredListLine, InsuredListRun
from services.policy.policy import queries as policies
from services.policy.policy.rules import ItemKind
from services.policy.policy.tables import InsuredPerson, Policy, PolicyVersion
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import NotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.jobs import spool
from shared.masking import keyed_digest
from shared.problems import from_validation
from shared.ticks import Tick, one_by_one

INSURED_LIST = "insured_list"
MAX_BYTES = 200 * 1024 * 1024


async def accept_list(
    db: Database, actor: Actor, key: RequestKey, policy_no: str, mode: str, number: int, body: AsyncIterator[bytes]
) -> Answer:
    """Spool a list of one version and answer with its job; it is in force once every line was taken."""
    async with db.transaction(actor, key) as tx:
        policy = await policies.by_number(tx, policy_no)
        if policy is None or policy.made_here:
            raise NotFound()
        stored = {row.number for row in await policies.versions_of(tx, policy.id)}
        base = rules.base_of(mode, number, stored, await queries.numbers_with_list(tx, policy.id))
        run = InsuredListRun(
            id=uuid7(), org_path=policy.org_path, policy_id=policy.id, number=number, mode=mode, status="taking"
        )
        tx.add(run)
        await tx.flush()
        payload = {"list_id": str(run.id), "policy_id": str(policy.id), "mode": mode, "base": base}
        return await spool(tx, INSURED_LIST, body, payload, MAX_BYTES)


def take_line(digest_key: bytes) -> Callable[[Transaction, dict[str, Any], Mapping[str, Any]], Awaitable[Any]]:
    """The effect of one line: it is kept until the list is whole."""

    async def one(tx: Transaction, document: dict[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
        line = _parsed(document)
        op = rules.check_line(payload["mode"], line.op, isinstance(line, ListLine))
        if isinstance(line, RemovalLine):
            listed = await queries.is_listed(tx, UUID(payload["policy_id"]), payload["base"], line.ref)
            rules.refuse_unknown(listed)
        kept = upsert(InsuredListLine).values(
            id=uuid7(), org_path=tx.actor.scope, created_at=tx.now, run_id=UUID(payload["list_id"]), ref=line.ref,
            op=op, person=_person(line, digest_key) if isinstance(line, ListLine) else None,
        )  # fmt: skip
        row = await tx.scalar(kept.on_conflict_do_nothing().returning(InsuredListLine.id))
        rules.refuse_repeated(row is None)
        return {"ref": line.ref, "op": op}

    return one


def _parsed(document: dict[str, Any]) -> ListLine | RemovalLine:
    kind = RemovalLine if document.get("op") == "remove" else ListLine
    try:
        return kind.model_validate(document)
    except ValidationError as fault:
        raise from_validation([{**one, "loc": ("body", *one["loc"])} for one in fault.errors()]) from None


def _person(line: ListLine, digest_key: bytes) -> dict[str, Any]:
    told = line.model_dump(mode="json", exclude={"op", "ref"}, exclude_none=True, by_alias=False)
    return {**told, "id_digest": keyed_digest(digest_key, line.id_no)}


async def end_list(tx: Transaction, run_id: UUID) -> None:
    """Put a whole list in force and tell it; one of which a line was refused, is refused and listed."""
    run = await tx.scalar(select(InsuredListRun).where(InsuredListRun.id == run_id).with_for_update())
    policy = await tx.find(Policy, run.policy_id, lock=True)
    job = await queries.job_of(tx, run.id)
    if job["state"] != "succeeded" or job["failed"]:
        run.status = "refused"
        theirs = {"core_version": run.number, "lines": job["total"], "failed": job["failed"]}
        await _list(tx, policy, ItemKind.INSURED_LIST, run.number, {}, theirs)
    elif await queries.count_of(tx, policy.id, run.number):
        run.status = "ignored"
        if not await _same(tx, run):
            ours = {"persons": await queries.count_of(tx, policy.id, run.number)}
            await _list(tx, policy, ItemKind.SAME_VERSION_OTHER_CONTENT, run.number, ours, {"persons": job["total"]})
    else:
        await _store(tx, run, policy, job["payload"]["base"])
    run.ended_at = tx.now
    await queries.clear(tx, run.id)
    tx.note("insured_list", policy, after={"policy_version": run.number, "mode": run.mode, "list": run.status})


async def _list(
    tx: Transaction, policy: Policy, kind: ItemKind, number: int, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    cause = f"insured_list:{number}"
    owner = owner_of(kind, cause, policy.made_here)
    await open_difference(tx, policy.org_path, policy.policy_no, kind, cause, owner, ours, theirs)


_COMPARED = ("ref", "name", "id_digest", "covered_from", "covered_to", "occupation_class", "sum_insured")


async def _same(tx: Transaction, run: InsuredListRun) -> bool:
    """Whether the lines of the run are the list that its version has already."""
    held = {
        tuple(getattr(row, name) for name in _COMPARED)
        async for rows in queries.listed(tx, run.policy_id, run.number)
        for row in rows
    }
    sent = set()
    async for lines in queries.lines_of(tx, run.id):
        for values in (_row(run, line, tx) for line in lines):
            sent.add(tuple(values[name] for name in _COMPARED))
    return held == sent


def _row(run: InsuredListRun, line: InsuredListLine, tx: Transaction) -> dict[str, Any]:
    """A line as a row of the list, every value of its own type."""
    told = dict(line.person or {})
    digest = told.pop("id_digest")
    person = ListLine.model_validate({"ref": line.ref, **told})
    return {
        "id": uuid7(), "org_path": run.org_path, "created_at": tx.now, "policy_id": run.policy_id,
        "number": run.number, "id_digest": digest,
        **person.model_dump(exclude={"op", "beneficiaries"}, by_alias=False),
        "beneficiaries": [one.model_dump(mode="json", exclude_none=True) for one in person.beneficiaries],
    }  # fmt: skip


async def _store(tx: Transaction, run: InsuredListRun, policy: Policy, base: int | None) -> None:
    if base is not None:
        await queries.carry_over(tx, run, base)
    async for lines in queries.lines_of(tx, run.id):
        await tx.execute(insert(InsuredPerson), [_row(run, line, tx) for line in lines])
    run.status, run.persons = "stored", await queries.count_of(tx, policy.id, run.number)
    await _tell(tx, run, policy)
    version = select(PolicyVersion).where(PolicyVersion.policy_id == policy.id, PolicyVersion.number == run.number)
    stated = (await tx.scalar(version)).insured_count
    if stated != run.persons:
        ours, theirs = {"persons": run.persons}, {"insured_count": stated}
        await _list(tx, policy, ItemKind.INSURED_COUNT, run.number, ours, theirs)


async def _tell(tx: Transaction, run: InsuredListRun, policy: Policy) -> None:
    """The whole list in parts; an empty one is told as such."""
    parts, part = max(1, -(-(run.persons or 0) // queries.PIECE)), 0
    async for rows in queries.listed(tx, policy.id, run.number):
        part += 1
        _publish(tx, run, policy, (part, parts), rows)
    if part == 0:
        _publish(tx, run, policy, (1, 1), [])


def _publish(tx: Transaction, run: InsuredListRun, policy: Policy, place: tuple[int, int], rows: Sequence[Any]) -> None:
    entries = [core_shapes.listed(row) for row in rows]
    told = events.InsuredListed(
        policy_id=policy.id, policy_version=run.number, part=place[0], parts=place[1], entries=entries
    )
    tx.publish(told, policy)


TICKS = (Tick("insured_lists", timedelta(seconds=10), one_by_one(queries.ended_runs, end_list)),)
