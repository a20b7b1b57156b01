"""Naming who looks after a key account; with the third of them an approved account becomes active."""

from __future__ import annotations

from uuid import UUID

from services.crm.key_account import queries, rules
from services.crm.key_account.handlers import activate, for_act, record, tell
from services.crm.key_account.queries import KeyAccountFacts
from services.crm.key_account.rules import KeyAccountStatus, Role
from services.crm.key_account.tables import KeyAccount, KeyAccountPerson
from services.crm.naming.schemas import NamePerson
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.assignees import refuse_without_post
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

_OPEN = tuple(one for one in KeyAccountStatus if one is not KeyAccountStatus.EXITED)


def check_name(_actor: Actor, facts: KeyAccountFacts) -> None:
    """As long as it has not ended."""
    rules.refuse_outside(facts.account.state, _OPEN)


async def name_person(
    db: Database, actor: Actor, key: RequestKey, account_id: UUID, version: int | None, command: NamePerson
) -> Answer:
    """Name the manager, the claims contact or the engineer from today on."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, account_id, version)
        check_name(actor, facts)
        account, before = facts.account, facts.account.status
        row = await name(tx, account, command.role, command.staff_no, "#/staff_no")
        if not await activate(tx, account) and command.role is Role.MANAGER and account.state in rules.SERVED:
            await tell(tx, account)
        told = {"role": str(command.role), "person_id": str(row.person_id), "reason": command.reason}
        return await record(tx, account, "name", told, before=before, reason=command.reason)


async def name(tx: Transaction, account: KeyAccount, role: Role, staff_no: str, pointer: str) -> KeyAccountPerson:
    """Put this person in the role from today on; whoever had it ends today.

    Refuses (422) whoever does not hold the position at a unit that has the customer, and (403) a complaint officer as
    manager.
    """
    person = await directory.person_of_staff_no(tx, staff_no)
    if person is None:
        raise ReferenceNotFound.at(pointer)
    held = [one["position"] for one in await directory.appointments(tx, person_id=person)]
    if role is Role.MANAGER:
        rules.check_manager(held)
    await refuse_without_post(tx, person, rules.POSITIONS[role], account.org_path)
    today = legal_day(tx.now)
    current = (await queries.named(tx, account.id)).get(str(role))
    if current is not None:
        current.to_on = today
        await tx.flush()
    row = KeyAccountPerson(
        id=uuid7(), key_account_id=account.id, org_path=account.org_path, role=str(role), person_id=person,
        staff_no=staff_no, from_on=today,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    return row


ACTIONS: tuple[Action[KeyAccountFacts], ...] = (
    Action("name", "POST", "/v1/key-accounts/{id}/contacts", "crm.key_account.review", check_name),
)
