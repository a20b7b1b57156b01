"""Breakages that take more than a statement: in streams, in files and logs, in a chain of entries, across stores."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from embedded.check.stores import Durable, Message, Stores
from tests.support.breakages import IDENTITY_NUMBER, breaks


async def change_event(stores: Stores, subject: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the first event of a subject alike in its outbox and in the stream."""
    messages = list(stores.messages)
    at = next(n for n, one in enumerate(messages) if one.event["type"] == subject.rpartition(".")[0])
    event = json.loads(json.dumps(messages[at].event))
    change(event)
    messages[at] = replace(messages[at], event=event)
    stores.messages = messages
    service = subject.partition(".")[0]
    await stores.databases[service].execute(
        "update outbox set event = $1 where event_id = $2", json.dumps(event), event["id"]
    )


async def append_entry(stores: Stores, database: str, **changes: Any) -> None:
    """One more entry at the end of the database's first chain, with all its hashes right."""
    connection = stores.databases[database]
    last = await connection.fetchrow("select * from audit_entries order by chain, n desc limit 1")
    assert last is not None
    told = {**json.loads(last["entry"]), "n": last["n"] + 1, "after": "0" * 64, **changes}
    entry = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    h = hashlib.sha256(last["h"] + entry.encode()).digest()
    await connection.execute(
        """insert into audit_entries select chain, n + 1, at, org_path, person_id, $3, object_type, object_id, $4,
            $5, $6, h, $7 from audit_entries where chain = $1 and n = $2""",
        last["chain"], last["n"], told["action"], told["outcome"], told["request_id"], entry, h,
    )  # fmt: skip
    await connection.execute("update audit_heads set n = n + 1, h = $2 where chain = $1", last["chain"], h)


@breaks("I2")
async def a_stream_has_lost_an_event(stores: Stores, _folder: Path) -> None:
    stores.messages = stores.messages[1:]


@breaks("I3")
async def somebody_put_an_event_into_the_stream(stores: Stores, _folder: Path) -> None:
    forged = {**stores.messages[-1].event, "id": str(uuid4())}
    stores.messages = [*stores.messages, Message("CRM", 10_000, forged)]


@breaks("I3")
async def an_event_in_the_stream_was_changed(stores: Stores, _folder: Path) -> None:
    first = stores.messages[0]
    stores.messages = [replace(first, event={**first.event, "data": {}}), *stores.messages[1:]]


@breaks("I8")
async def an_event_carries_an_identity_number(stores: Stores, _folder: Path) -> None:
    await change_event(
        stores, "claims.claim.reported.v1", lambda one: one["data"].update(note=f"证件{IDENTITY_NUMBER}")
    )


@breaks("I8")
async def an_event_carries_an_account(stores: Stores, _folder: Path) -> None:
    await change_event(stores, "claims.payment.ordered.v1", lambda one: one["data"].update(payee="6222021234567890128"))


@breaks("I8")
async def an_event_carries_a_phone(stores: Stores, _folder: Path) -> None:
    await change_event(stores, "crm.customer.registered.v1", lambda one: one["data"].update(core_no="13800001234"))


@breaks("I13")
async def an_amount_is_no_whole_cents(stores: Stores, _folder: Path) -> None:
    await change_event(stores, "claims.payment.ordered.v1", lambda one: one["data"].update(amount="3268.005"))


@breaks("I18")
async def a_file_is_gone(stores: Stores, folder: Path) -> None:
    _own_files(stores, folder).unlink()


@breaks("I18")
async def a_file_has_another_content(stores: Stores, folder: Path) -> None:
    path = _own_files(stores, folder)
    path.write_bytes(b"x" * path.stat().st_size)


@breaks("I18")
async def a_file_has_no_row(stores: Stores, folder: Path) -> None:
    path = _own_files(stores, folder)
    path.with_name(str(uuid4())).write_bytes(b"x")


def _own_files(stores: Stores, folder: Path) -> Path:
    """Give the stores a copy of the files of claims; the one file in it."""
    shutil.copytree(stores.attachments["claims"], folder / "files")
    stores.attachments = {**stores.attachments, "claims": folder / "files"}
    return next(path for path in (folder / "files").rglob("*") if path.is_file())


@breaks("I24")
async def a_due_day_was_told_too_early(stores: Stores, _folder: Path) -> None:
    await stores.databases["risk"].execute("update tick_claims set due_on = due_on + 60")
    due_on = await stores.databases["risk"].fetchval("select due_on::text from tick_claims")
    await change_event(stores, "risk.inspection.due.v1", lambda one: one["data"].update(due_on=due_on))


@breaks("I26")
async def a_chain_goes_back_in_time(stores: Stores, _folder: Path) -> None:
    at = await stores.value("crm", "select at from audit_entries order by chain, n desc limit 1")
    early = at - timedelta(hours=1)
    await append_entry(stores, "crm", action="export", at=early.isoformat(timespec="milliseconds"))
    await stores.databases["crm"].execute("update audit_entries set at = $1 where action = 'export'", early)


@breaks("I29")
async def a_claim_belongs_to_a_customer_who_was_merged(stores: Stores, _folder: Path) -> None:
    gone = await stores.value("crm", "select id from customers where merged_into is not null")
    await stores.databases["claims"].execute("update claims set customer_id = $1 where status = 'archived'", gone)


@breaks("I32")
async def a_refusal_that_leaves_none_has_an_entry(stores: Stores, _folder: Path) -> None:
    await append_entry(stores, "crm", action="POST /v1/customers", outcome="refused", reason="validation_failed")


@breaks("I33")
async def a_value_was_revealed_without_a_reason(stores: Stores, _folder: Path) -> None:
    await append_entry(stores, "crm", action="reveal", reason=None)


@breaks("I34")
async def a_log_carries_an_identity_number(stores: Stores, folder: Path) -> None:
    (folder / "claims-api.log").write_text(f'{{"event": "found {IDENTITY_NUMBER}"}}\n', encoding="utf-8")
    stores.logs = folder


@breaks("I38")
async def somebody_left_a_durable(stores: Stores, _folder: Path) -> None:
    stores.durables = [*stores.durables, Durable("CLAIMS", "stranger", ("claims.>",), 0, 0)]


@breaks("I38")
async def a_durable_is_missing(stores: Stores, _folder: Path) -> None:
    stores.durables = stores.durables[1:]


@breaks("I38")
async def a_durable_lags(stores: Stores, _folder: Path) -> None:
    stores.durables = [replace(stores.durables[0], waiting=1), *stores.durables[1:]]


@breaks("I38")
async def a_durable_asks_for_too_little(stores: Stores, _folder: Path) -> None:
    stores.durables = [replace(stores.durables[0], subjects=()), *stores.durables[1:]]
