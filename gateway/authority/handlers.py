"""Tables of limits proposed by one person and published by another; rule sets published by their manager."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, text

from gateway import events
from gateway.authority import queries, rules, shapes
from gateway.authority.rules import Matrix
from gateway.authority.schemas import ProposeTable, PublicationOut, PublishRuleSet, PublishTable
from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.organisation.handlers import announce
from gateway.organisation.queries import today
from shared.actor import Actor
from shared.authority import AuthorityTable, LadderEntry
from shared.database import Database
from shared.errors import Fault, NotFound, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import content_hash

HEAD_OFFICE = "00"
_ONE = text("select pg_advisory_xact_lock(hashtextextended('organisation.publication', 0))")


async def propose_table(
    db: Database, actor: Actor, key: RequestKey, command: ProposeTable, matrix: Matrix, language: str
) -> Answer:
    """Put a whole table up for publication; the checks are those of the publication."""
    async with db.transaction(actor, key) as tx:
        await tx.use_scope(HEAD_OFFICE)  # tables belong to the head office; the route's permission says who may propose
        await tx.execute(_ONE)
        days = await queries.first_days(tx)
        table = AuthorityTable(command.version, command.effective_from, _entries(command))
        rules.check_proposal(table, matrix, days, today(tx))
        known = select(func.count()).where(AuthorityTableRow.table_version == command.version)
        if await tx.scalar(known):
            raise rules.TableVersionTaken()
        row = AuthorityTableRow(
            id=uuid7(), version=1, org_path=HEAD_OFFICE, table_version=command.version,
            effective_from=command.effective_from, entries=[one.row() for one in table.entries], published=False,
            proposed_by=actor.person_id, proposed_level=actor.level, published_by=None, published_at=None,
        )  # fmt: skip
        tx.add(row)
        tx.note("propose", row, after={"table_version": row.table_version, "hash": content_hash({"e": row.entries})})
        await tx.flush()
        out = await shapes.table_alone(tx, row, language)
        return tx.answer(out, location=f"/v1/authority-tables/{row.id}", version=row.version)


def _entries(command: ProposeTable) -> tuple[LadderEntry, ...]:
    found, faults = [], []
    for n, row in enumerate(command.entries):
        try:
            found.append(row.entry())
        except KeyError:
            words = Text("limit 与 unlimited 须且只须给出一个。", "Give exactly one of limit and unlimited.")
            faults.append(Fault("limit_or_unlimited", words, pointer=f"#/entries/{n}"))
    if faults:
        raise ValidationFailed(*faults)
    return tuple(found)


async def publish_table(
    db: Database, actor: Actor, key: RequestKey, table_id: UUID, version: int | None, command: PublishTable,
    matrix: Matrix,
) -> Answer:  # fmt: skip
    """Publish a proposed table: another person, one of the two at the head office, from a later day."""
    async with db.transaction(actor, key) as tx:
        await tx.use_scope(HEAD_OFFICE)
        await tx.execute(_ONE)
        row = await tx.find_for_change(AuthorityTableRow, table_id, version)
        rules.may_publish(actor, row.proposed_by, row.proposed_level, row.published)
        days = [*await queries.first_days(tx)]
        rules.check_proposal(row.table(), matrix, days, today(tx))
        row.published, row.published_by, row.published_at = True, actor.person_id, tx.now
        told = events.AuthorityTablePublished(
            version=row.table_version, effective_from=row.effective_from, entries=row.entries
        )
        tx.publish(told, row)
        tx.note("publish", row, before={"published": False}, after={"published": True}, reason=command.reason)
        await announce(tx, None)
        out = PublicationOut(
            id=uuid7(), created_at=tx.now, table_version=row.table_version, effective_from=row.effective_from,
            authority_table=shapes.table_state(row, [*days, row.effective_from], today(tx)),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/authority-tables/{row.id}", version=row.version)


async def publish_rule_set(
    db: Database, actor: Actor, key: RequestKey, kind: str, command: PublishRuleSet, language: str
) -> Answer:
    """Publish the next version of a kind; its predecessor ends the day before."""
    async with db.transaction(actor, key) as tx:
        if kind == "authority_tables":
            raise rules.PublishedElsewhere()
        if kind not in queries.structures():
            raise NotFound()
        await tx.use_scope(HEAD_OFFICE)
        await tx.execute(_ONE)
        former = await queries.versions_of(tx, kind)
        rules.check_content(kind, queries.structures()[kind], command.content)
        days = [one.effective_from for one in former]
        rules.check_first_day(command.effective_from, days, today(tx))
        row = RuleSetRow(
            id=uuid7(), version=1, org_path=HEAD_OFFICE, kind=kind, effective_from=command.effective_from,
            rule_version=rules.next_version(command.effective_from, (one.rule_version for one in former)),
            source=command.source, tag="P", content=command.content, content_hash=content_hash(command.content),
            published_by=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        told = events.RuleSetPublished(
            name=kind, version=row.rule_version, effective_from=row.effective_from, content=row.content
        )
        tx.publish(told, row)
        tx.note("publish", row, after={"kind": kind, "rule_version": row.rule_version, "hash": row.content_hash})
        out = shapes.rule_set_alone(row, [*days, row.effective_from], today(tx), actor, language)
        return tx.answer(out, location=f"/v1/rule-sets/{kind}/{row.rule_version}", version=row.version)
