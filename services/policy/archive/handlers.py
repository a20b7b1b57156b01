"""Sort the papers of policies into a volume, bind and seal it, put it on its shelf."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update

from services.policy.archive import queries, rules, shapes
from services.policy.archive.queries import VolumeFacts
from services.policy.archive.rules import ItemKind, VolumeStatus
from services.policy.archive.schemas import SealVolume, SortVolume, VolumeItem
from services.policy.archive.tables import ArchiveVolume, VolumePolicy
from services.policy.controlled_document.tables import ControlledDocument, Custodian
from services.policy.policy.tables import Policy
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.audit import canonical
from shared.clock import at_midnight
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, StateConflict, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import next_number
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

BIND_ITEM = "bind_volume"


def check_seal(_actor: Actor, facts: VolumeFacts) -> None:
    """Whether the volume can be sealed or shelved now; nothing may be missing."""
    if facts.volume.sealed_at is None:
        rules.refuse_missing(facts.missing)
    else:
        rules.advance(facts.volume.state, VolumeStatus.ARCHIVED)


ACTIONS = (
    Action("seal", "POST", "/v1/archive-volumes/{id}/seals", "policy.archive_volume.seal", check_seal),
)  # fmt: skip


async def sort_volume(db: Database, actor: Actor, key: RequestKey, command: SortVolume) -> Answer:
    """Put the papers of some policies of the own unit into a new volume, with its number and list."""
    async with db.transaction(actor, key) as tx:
        pages = rules.check_pages([one.page_count for one in command.items], command.page_count)
        held = await _policies(tx, command.items, command.line, but=None)
        items = [one.model_dump(mode="json") for one in command.items]
        row = ArchiveVolume(
            id=uuid7(), version=1, org_path=next(iter(held.values())).org_path, unit_code=actor.unit_code,
            line=command.line, status=str(VolumeStatus.SORTED), items=items, page_count=pages, bound_by=actor.person_id,
            keep_until=await queries.keep_until(tx, list(held.values()), items), rebound=[],
        )  # fmt: skip
        documents = await _documents(tx, command.items, row)
        # The counter row is every custodian's of the unit: it is taken last.
        number = await next_number(tx, f"volume.{rules.LINE_CODE[command.line]}", tx.now.year, actor.unit_code)
        row.volume_no = rules.volume_no(tx.now.year, actor.unit_code, command.line, number)
        row.manifest_sha256 = _digest(row.volume_no, items)
        tx.add(row)
        await tx.flush()
        await _contain(tx, row, held, documents)
        tx.note("sort", row, after={"status": row.status, "volume_no": row.volume_no, "policies": len(held)})
        out = shapes.volume(await queries.facts_of(tx, row))
        return tx.answer(out, location=f"/v1/archive-volumes/{row.id}", version=row.version)


def _digest(number: str, items: Sequence[dict[str, Any]]) -> str:
    return hashlib.sha256(canonical({"number": number, "items": list(items)}).encode()).hexdigest()


async def _policies(tx: Transaction, items: Sequence[VolumeItem], line: str, *, but: UUID | None) -> dict[str, Policy]:
    """The policies of the list. Refuses (422) one that is not the unit's or of another line, (409) one bound before."""
    found = await queries.by_numbers(tx, [one.policy_no for one in items])
    words = Text("本机构没有该险类的此保单。", "The unit has no such policy of this line.")
    faults = []
    for at, one in enumerate(items):
        policy = found.get(one.policy_no)
        if policy is None or policy.unit_code != tx.actor.unit_code or policy.line != line:
            faults.append(Fault(ReferenceNotFound.code, words, pointer=f"#/items/{at}/policy_no"))
    if faults:
        raise ReferenceNotFound(*faults)
    for number in {one.policy_no for one in items if one.kind is ItemKind.POLICY}:
        volume = await queries.bound_in(tx, found[number].id, but)
        if volume is not None:
            raise rules.BoundAlready(policy_no=number, volume_no=volume)
    return found


async def _documents(tx: Transaction, items: Sequence[VolumeItem], volume: ArchiveVolume) -> list[ControlledDocument]:
    """The controlled documents of the list: each used for its policy, counted, and in no other volume."""
    found = await queries.documents_by_serial(tx, [serial for one in items for serial in one.serials])
    words = Text("该单证号未用于此保单。", "That document was not used for this policy.")
    for at, one in enumerate(items):
        for n, serial in enumerate(one.serials):
            document = found.get(serial)
            if document is None or document.used_for != one.policy_no:
                raise ReferenceNotFound(Fault(ReferenceNotFound.code, words, pointer=f"#/items/{at}/serials/{n}"))
            if document.volume_id not in (None, volume.id) or document.status == "used":
                raise StateConflict(current_state=document.status, legal_moves=["reconciled"])
    return list(found.values())


async def _contain(
    tx: Transaction, row: ArchiveVolume, held: dict[str, Policy], documents: Sequence[ControlledDocument]
) -> None:
    tx.add_all([VolumePolicy(volume_id=row.id, org_path=row.org_path, policy_id=one.id) for one in held.values()])
    for one in documents:
        one.volume_id, one.status = row.id, row.status
        one.version, one.updated_at = one.version + 1, tx.now
    await tx.flush()


async def follow_volume(tx: Transaction, row: ArchiveVolume) -> None:
    """The documents in a volume are what the volume is."""
    one = ControlledDocument
    told = {"status": row.status, "version": one.version + 1, "updated_at": tx.now}
    await tx.flush()
    mine = update(one).where(one.volume_id == row.id).values(**told)
    await tx.execute(mine.execution_options(synchronize_session=False))


async def seal_volume(
    db: Database, actor: Actor, key: RequestKey, volume_id: UUID, version: int | None, command: SealVolume
) -> Answer:
    """Bind and seal a sorted volume, shelve a sealed one, or bind a sealed one again before a second person."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(ArchiveVolume, volume_id, version)
        before = {"status": row.status, "manifest_sha256": row.manifest_sha256}
        rules.check_place(command.box or row.box, command.shelf_place)
        if command.items is not None:
            await _bind_again(tx, row, command)
        else:
            check_seal(actor, await queries.facts_of(tx, row))
        if row.sealed_at is None:
            row.status = str(rules.advance(row.state, VolumeStatus.BOUND))
            row.sealed_at, row.sealed_by = tx.now, actor.person_id
        if command.shelf_place is not None and row.state is VolumeStatus.BOUND:
            row.status = str(rules.advance(row.state, VolumeStatus.ARCHIVED))
        row.box, row.shelf_place = command.box or row.box, command.shelf_place or row.shelf_place
        await follow_volume(tx, row)
        facts = await queries.facts_of(tx, row)
        row.keep_until = facts.keep_until
        after = {"status": row.status, "manifest_sha256": row.manifest_sha256}
        tx.note(
            "seal" if command.items is None else "bind_again", row, before=before, after=after, reason=command.reason
        )
        return tx.answer(shapes.volume(facts), location=f"/v1/archive-volumes/{row.id}", version=row.version)


async def _bind_again(tx: Transaction, row: ArchiveVolume, command: SealVolume) -> None:
    """Replace the content. A volume that is not sealed yet is simply sorted again."""
    chosen = command.items or []
    if row.sealed_at is not None:
        persons = {tx.actor.person_id, tx.actor.on_behalf_of} - {None}
        rules.may_rebind(row.state, command.reason, persons, command.second_person_id)  # type: ignore[arg-type]
        known = await directory.appointments(tx, person_id=command.second_person_id)
        if not known:
            raise ReferenceNotFound.at("#/second_person_id")
    pages = rules.check_pages([one.page_count for one in chosen], command.page_count)
    held = await _policies(tx, chosen, row.line, but=row.id)
    documents = await _documents(tx, chosen, row)
    await _empty(tx, row)
    if row.sealed_at is not None:
        done = {
            "at": tx.now.isoformat(), "by": str(tx.actor.person_id), "second": str(command.second_person_id),
            "reason": command.reason, "manifest_sha256": row.manifest_sha256,
        }  # fmt: skip
        row.rebound = [*row.rebound, done]
    row.items, row.page_count = [one.model_dump(mode="json") for one in chosen], pages
    row.manifest_sha256 = _digest(row.volume_no, row.items)
    await _contain(tx, row, held, documents)
    rules.refuse_missing(await queries.missing(tx, row, list(held.values())))


async def _empty(tx: Transaction, row: ArchiveVolume) -> None:
    one = ControlledDocument
    loose = update(one).where(one.volume_id == row.id).values(volume_id=None, status="reconciled")
    await tx.execute(loose.execution_options(synchronize_session="fetch"))
    await tx.execute(delete(VolumePolicy).where(VolumePolicy.volume_id == row.id))


async def _ask_to_bind(tx: Transaction, due: tuple[UUID, date]) -> None:
    """Ask the custodian to bind the papers of the month that is over, once."""
    if not await claim(tx, "bind_volumes", *due):
        return
    keeper = await tx.find(Custodian, due[0])
    by = await queries.bind_by(tx, due[1])
    await close_items(tx, keeper.id, BIND_ITEM)
    await open_item(
        tx, BIND_ITEM, keeper, Text("清分整理、装订入库", "Sort, bind and shelve the papers of the month"),
        number=f"{due[1]:%Y-%m}", unit_code=keeper.unit_code, person_id=keeper.person_id, href="/v1/archive-volumes",
        due_at=at_midnight(by + timedelta(days=1)), basis="policy_servicing",
    )  # fmt: skip


TICKS = (Tick("bind_volumes", timedelta(hours=1), one_by_one(queries.unbound, _ask_to_bind)),)
