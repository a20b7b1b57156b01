"""Notices: short messages to customers, from the service's own data, in its own transaction.

A notice is a row of the transaction that causes it and leaves after the commit, so a message never tells what was
rolled back. What it lacks never stops a use case: without an address, a template or a way to send, it is kept as
`suppressed` with its reason. Each change of its state goes out as the service's own event `…notice.sent`.
Templates are the rule set `message_templates`: `<deployable>.<kind>.<channel>` has `subject` and `text` with `{names}`;
`quiet` hours hold back what is not `urgent`. What a crash leaves in doubt is sent again under the same id, by which
mail servers and providers know that they have it: it arrives once. On the channels `phone` and `letter` a person tells
the customer: the notice waits until he says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Column, DateTime, Integer, Table, Text, Uuid, select, update

from shared.actor import machine
from shared.clock import SHANGHAI, at_midnight, legal_day
from shared.database import Database, Record, Transaction
from shared.events import Payload
from shared.file_store import in_worker
from shared.ids import uuid7
from shared.kernel import kernel
from shared.notice_adapters import Adapter, Undeliverable, adapters_of, look_up_of
from shared.rule_sets import NoRuleSet, in_force
from shared.settings import DeployableSettings
from shared.ticks import Tick

log = structlog.get_logger()

TRIES = 6
_FIRST_WAIT = timedelta(minutes=1)
_NAME = re.compile(r"\{([a-z_]+)\}")
_EMAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")

notices = Table(
    "notices",
    kernel,
    Column("id", Uuid, primary_key=True),
    Column("org_path", Text, nullable=False),
    Column("record_type", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=True),
    Column("template_version", Text, nullable=True),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=True),
    Column("tries", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

BY_HAND = ("phone", "letter")
"""Channels on which a person tells the customer: the notice is a task until he says that it was done."""


async def send_notice(
    tx: Transaction, told: type[Payload], about: Record, kind: str, *, channel: str, address: str | None,
    facts: Mapping[str, Any],
) -> UUID:  # fmt: skip
    """Keep a notice about a record, to leave after the commit; its id. It never refuses the use case.

    `told`: the service's event of a notice's state. `channel`: `sms`, `email`, `phone` or `letter`. `facts`: the texts
    by their names.
    """
    content, version = {}, None
    try:
        found = await in_force(tx, "message_templates")
        content, version = found.content, found.version
    except NoRuleSet:
        log.warning("no_message_templates", service=tx.database.service)
    template = content.get(tx.database.service, {}).get(kind, {}).get(channel)
    reason = _obstacle(template, channel, address, facts)
    row = {
        "id": uuid7(), "org_path": about.org_path, "record_type": about.record_type, "record_id": about.id,
        "kind": kind, "channel": channel, "address": address, "template_version": version,
        "subject": "" if reason else _filled(template.get("subject", ""), facts),
        "body": "" if reason else _filled(template["text"], facts), "state": "suppressed" if reason else "queued",
        "reason": reason, "tries": 0, "next_at": tx.now, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    if not reason and not template.get("urgent"):
        row["next_at"] = after_quiet_hours(tx.now, content.get("quiet", {}))
    await tx.execute(notices.insert().values(**row))
    _tell(tx, told, row)
    return row["id"]


def _obstacle(
    template: Mapping[str, Any] | None, channel: str, address: str | None, facts: Mapping[str, Any]
) -> str | None:
    if not address or (channel == "email" and not _EMAIL.fullmatch(address)):
        return "no_address"
    if template is None:
        return "no_template"
    wanted = _NAME.findall(template["text"] + template.get("subject", ""))
    return None if all(facts.get(name) not in (None, "") for name in wanted) else "facts_missing"


def _filled(text: str, facts: Mapping[str, Any]) -> str:
    return _NAME.sub(lambda found: str(facts[found[1]]), text)


def after_quiet_hours(now: datetime, quiet: Mapping[str, str]) -> datetime:
    """`now`, or the end of the quiet hours (`from`, `to`, clock times of Shanghai, over midnight) that it lies in."""
    if not quiet:
        return now
    begins, ends = time.fromisoformat(quiet["from"]), time.fromisoformat(quiet["to"])
    at = now.astimezone(SHANGHAI)
    midnight = at_midnight(legal_day(now))
    morning = midnight + timedelta(hours=ends.hour, minutes=ends.minute)
    if at.time() >= begins:
        return morning + timedelta(days=1)
    return max(at, morning)


class _Notice:
    """Id and place of a notice, as an event is about it."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.id, self.org_path = row["id"], row["org_path"]


def _tell(tx: Transaction, told: type[Payload], row: Mapping[str, Any]) -> None:
    facts = {"notice_id": row["id"], "about": row["record_id"], "channel": row["channel"], "state": row["state"]}
    if "kind" in told.model_fields:
        facts["kind"] = row["kind"]
    tx.publish(told(**facts), _Notice(row))


async def notices_of(tx: Transaction, record_id: UUID) -> list[Mapping[str, Any]]:
    """The notices about a record that was found for the caller, in order."""
    scope = tx.scope
    await tx.use_scope("00")
    mine = select(notices).where(notices.c.record_id == record_id).order_by(notices.c.id)
    found = list((await tx.execute(mine)).mappings())
    await tx.use_scope(scope)
    return found


async def set_state(
    tx: Transaction, told: type[Payload], notice_id: UUID, state: str, reason: str | None = None
) -> bool:
    """Bring a notice that is not at its end to `state`; False where it is. A report of delivery comes this way too."""
    ends = ("delivered", "failed", "suppressed") if state != "delivered" else ("delivered", "suppressed")
    changed = update(notices).where(notices.c.id == notice_id, notices.c.state.not_in(ends), notices.c.state != state)
    values: dict[str, Any] = {"state": state, "reason": reason, "updated_at": tx.now}
    if state == "sent":
        # from now on it is asked after
        values |= {"tries": 0, "next_at": tx.now + _FIRST_WAIT}
    row = (await tx.execute(changed.values(values).returning(notices))).mappings().one_or_none()
    if row is not None:
        _tell(tx, told, row)
    return row is not None


def sending(settings: DeployableSettings, told: type[Payload]) -> Tick:
    """The tick that sends what waits, by the adapter of the settings, and asks what became of what was sent."""
    adapters, look_up = adapters_of(settings), look_up_of(settings)

    async def pass_on(database: Database, limit: int) -> int:
        rows = await _taken(database, limit, {} if look_up is None else {"sms": look_up})
        for row in rows:
            if row["state"] == "sent" and look_up is not None:
                state, reason = await _sent({"sms": look_up}, row)
                state = None if state == "sent" or reason == "no_answer" else state
            else:
                state, reason = await _sent(adapters, row)
            if state is not None:
                async with database.transaction(machine(database.service)) as tx:
                    await set_state(tx, told, row["id"], state, reason)
        return len(rows)

    return Tick("notices", timedelta(seconds=1), pass_on)


async def _taken(database: Database, limit: int, asked_after: Mapping[str, Adapter]) -> list[Mapping[str, Any]]:
    """What is due, its next try put off first: whoever dies while sending leaves it to be tried again. With it what was
    sent on a channel whose provider says later what became of it, as often as it may be asked.
    """
    waits = (notices.c.state == "queued") & notices.c.channel.not_in(BY_HAND)
    in_doubt = (notices.c.state == "sent") & notices.c.channel.in_(asked_after) & (notices.c.tries < TRIES)
    async with database.transaction(machine(database.service)) as tx:
        due = select(notices).where(waits | in_doubt, notices.c.next_at <= tx.now)
        due = due.order_by(notices.c.next_at, notices.c.id).limit(limit).with_for_update(skip_locked=True)
        rows = list((await tx.execute(due)).mappings())
        for row in rows:
            later = tx.now + _FIRST_WAIT * 4 ** row["tries"]
            put_off = update(notices).where(notices.c.id == row["id"])
            await tx.execute(put_off.values(tries=row["tries"] + 1, next_at=later, updated_at=tx.now))
    return rows


async def _sent(adapters: Mapping[str, Adapter], row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The new state and its reason; None: try again later."""
    adapter = adapters.get(row["channel"])
    if adapter is None:
        return "suppressed", "no_adapter"
    try:
        return await in_worker(adapter, row), None
    except Undeliverable as fault:
        return "failed", str(fault)
    except OSError as fault:
        log.warning("notice_not_sent", notice_id=str(row["id"]), tries=row["tries"] + 1, fault=type(fault).__name__)
        return ("failed", "no_answer") if row["tries"] + 1 >= TRIES else (None, None)
