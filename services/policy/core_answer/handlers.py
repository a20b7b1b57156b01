"""An application becomes what the core made of it."""

from __future__ import annotations

from services.policy.application.tables import Application
from services.policy.core_answer import rules
from services.policy.core_answer.rules import Answered, Applied
from services.policy.payment_order import queries as orders
from services.policy.policy.tables import Policy
from shared.clock import legal_day
from shared.database import Transaction
from shared.work_items import close_items


async def take_answer(tx: Transaction, application: Application, policy: Policy, answered: Answered) -> str | None:
    """Take a version as the answer to an application; why it cannot be one, or None.

    The policy keeps the application it came from; premiums that were asked for become the policy's.
    """
    applied = Applied(
        application.kind, application.status, application.product, application.customer_id, application.policy_id
    )
    fault = rules.conflict(applied, answered)
    status = None if fault is not None else rules.becomes(applied, answered)
    if status is None:
        return fault
    before, application.status = {"status": application.status}, status
    application.policy_id, application.expires_on = policy.id, None
    application.version, application.updated_at = application.version + 1, tx.now
    if application.kind == "proposal":
        await _link(tx, application, policy)
    await close_items(tx, application.id)
    tx.note("answered_by_core", application, before=before, after={"status": status, "policy_id": policy.id})
    return None


async def _link(tx: Transaction, application: Application, policy: Policy) -> None:
    formed = application.confirmed_at or application.decided_at or tx.now
    policy.application_id, policy.product_version = application.id, application.product_version
    policy.underwriter_id, policy.formed_on = application.underwriter_id, legal_day(formed)
    for row in await orders.of_application(tx, application.id):
        row.policy_id, row.policy_no = policy.id, policy.policy_no
