"""Notices: short messages to customers, from the service's own data, in its own transaction.

A notice is a row of the transaction that causes it and leaves after the commit, so a message never tells what was
rolled back. What it lacks never stops a use case: without an address, a template or a way to send, it is kept as
`suppressed` with its reason. Each change of its state goes out as the service's own event `…notice.sent`.
Templates are the rule set `message_templates`: `<deployable>.<kind>.<channel>` has `subject` and `text` with `{names}`;
`quiet` hours hold back what is not `urgent`. A message may be sent twice after a crash, never not at all.
"""

from __future__ import annotations

import json
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Column, DateTime, Integer, Table, Text, Uuid, select, update

from shared.actor import machine
from shared.clock import SHANGHAI, at_midnight, legal_day, rfc3339
from shared.database import Database, Record, Transaction
from shared.events import Payload
from shared.file_store import in_worker
from shared.ids import uuid7
from shared.kernel import kernel
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

Adapter = Callable[[Mapping[str, Any]], str]
"""Sends one notice (blocking) and answers its state, `sent` or `delivered`; raises `OSError` to be asked again later,
`Undeliverable` where that is useless."""


class Undeliverable(Exception):
    """The notice will never arrive; the argument is a code."""


async def send_notice(
    tx: Transaction, told: type[Payload], about: Record, kind: str, *, channel: str, address: str | None,
    facts: Mapping[str, Any],
) -> UUID:  # fmt: skip
    """Keep a notice about a record, to leave after the commit; its id. It never refuses the use case.

    `told`: the service's event of a notice's state. `channel`: `sms` or `email`. `facts`: the texts by their names.
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
    changed = update(notices).where(notices.c.id == notice_id, notices.c.state.not_in(ends))
    row = (
        await tx.execute(changed.values(state=state, reason=reason, updated_at=tx.now).returning(notices))
    ).mappings().one_or_none()  # fmt: skip
    if row is not None:
        _tell(tx, told, row)
    return row is not None


def sending(settings: DeployableSettings, told: type[Payload]) -> Tick:
    """The tick that sends what waits, by the adapter of the settings."""
    adapters = adapters_of(settings)

    async def pass_on(database: Database, limit: int) -> int:
        rows = await _taken(database, limit)
        for row in rows:
            state, reason = await _sent(adapters, row)
            if state is not None:
                async with database.transaction(machine(database.service)) as tx:
                    await set_state(tx, told, row["id"], state, reason)
        return len(rows)

    return Tick("notices", timedelta(seconds=1), pass_on)


async def _taken(database: Database, limit: int) -> list[Mapping[str, Any]]:
    """What is due, its next try put off first: whoever dies while sending leaves it to be tried again."""
    async with database.transaction(machine(database.service)) as tx:
        due = select(notices).where(notices.c.state == "queued", notices.c.next_at <= tx.now)
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


def adapters_of(settings: DeployableSettings) -> dict[str, Adapter]:
    """By channel: everything into a file, or e-mail by SMTP."""
    if settings.notice_adapter == "smtp":
        return {"email": Smtp(settings)}
    into = ToFile(settings.attachments_dir / "notices.ndjson")
    return {"sms": into, "email": into}


class ToFile:
    """Appends each notice to a file, one JSON line each: development, demonstration, and a gateway that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, row: Mapping[str, Any]) -> str:
        self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        names = ("id", "channel", "address", "subject", "body")
        line = json.dumps({**{name: str(row[name]) for name in names}, "at": rfc3339(row["created_at"])})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        return "delivered"


class Smtp:
    """Hands e-mail to a mail server; the notice's id is the message id, by which a second copy is recognised."""

    def __init__(self, settings: DeployableSettings) -> None:
        host, _, port = settings.smtp_address.rpartition(":")
        self.host, self.port, self.sender, self.tls = host, int(port), settings.smtp_sender, settings.smtp_tls
        self.user, secret = settings.smtp_user, settings.smtp_password_file
        self.password = secret.read_text(encoding="utf-8").strip() if secret else ""

    def __call__(self, row: Mapping[str, Any]) -> str:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, row["address"], row["subject"]
        message["Message-ID"] = f"<{row['id']}@{self.sender.rpartition('@')[2]}>"
        message.set_content(row["body"])
        try:
            with smtplib.SMTP(self.host, self.port, timeout=10) as server:
                if self.tls:
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as fault:
            if all(500 <= code < 600 for code, _ in fault.recipients.values()):
                raise Undeliverable("address_refused") from fault
            raise
        return "sent"
