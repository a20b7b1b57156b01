"""Write down what a customer agrees to or objects to; nothing said before is overwritten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.crm.consent import rules
from services.crm.consent.schemas import ConsentFactOut, StateConsent
from services.crm.customer import queries, shapes
from services.crm.customer.handlers import check_change
from services.crm.customer.queries import CustomerFacts
from services.crm.customer.rules import CustomerKind
from services.crm.customer.tables import Customer, CustomerConsent
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import in_force


async def state_consent(
    db: Database, actor: Actor, key: RequestKey, customer_id: UUID, version: int | None, command: StateConsent
) -> Answer:
    """The newest statement on a purpose and channel holds; the older ones stay readable as they were given."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find_for_change(Customer, customer_id, version)
        check_change(actor, await queries.facts_of(tx, customer))
        values: dict[str, Any] = command.model_dump(mode="python") | {"given_at": command.given_at or tx.now}
        given = rules.Statement(**{name: values[name] for name in rules.Statement.__dataclass_fields__})
        grace = timedelta(minutes=(await in_force(tx, "sampling")).content["late_entry_minutes"])
        kind = CustomerKind(customer.kind) if customer.kind else None
        rules.check_statement(given, rules.Speaker(kind, customer.id_no), tx.now, grace)
        row = _row(tx, customer, values)
        tx.add(row)
        after = {"purpose": row.purpose, "channel": row.channel, "granted": row.granted, "given_by": row.given_by}
        tx.note("state_consent", customer, after=after, reason=command.reason)
        out = ConsentFactOut(
            id=row.id, created_at=tx.now, purpose=row.purpose, channel=row.channel, granted=row.granted,
            customer=shapes.state_of(customer),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/customers/{customer.id}", version=customer.version)


def _row(tx: Transaction, customer: Customer, values: dict[str, Any]) -> CustomerConsent:
    return CustomerConsent(
        **{**values, "purpose": str(values["purpose"])}, id=uuid7(), created_at=tx.now, customer_id=customer.id,
        org_path=customer.org_path, person_id=tx.actor.person_id,
    )  # fmt: skip


ACTIONS: tuple[Action[CustomerFacts], ...] = (
    Action("state_consent", "POST", "/v1/customers/{id}/consents", "crm.customer.consent", check_change),
)
