"""The facts that letters and forms tell. What they are put into are dated templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from services.policy.application.queries import insured_of
from services.policy.application.tables import Application
from services.policy.correspondence import rules
from services.policy.correspondence.rules import LetterKind
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy import queries as policies
from services.policy.policy.shapes import status_of
from services.policy.policy.tables import Policy, PolicyVersion
from services.policy.product.queries import product_in_force
from shared import directory
from shared.clock import SHANGHAI, legal_day
from shared.database import Transaction
from shared.masking import masked_id_no


def day(value: date | datetime | None) -> str | None:
    """A day as it is printed."""
    if value is None:
        return None
    on = legal_day(value) if isinstance(value, datetime) else value
    return f"{on.year}年{on.month}月{on.day}日"


def moment(value: datetime | None) -> str | None:
    """An instant as it is printed; the midnight that ends a period reads as the 24th hour of the day before."""
    if value is None:
        return None
    at = value.astimezone(SHANGHAI)
    return f"{day(value)}{at.hour}时" + (f"{at.minute}分" if at.minute else "")


def last_moment(value: datetime) -> str:
    """The end of a period: midnight is the 24th hour of the day before."""
    at = value.astimezone(SHANGHAI)
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{day(value - timedelta(days=1))}24时"
    return moment(value) or ""


async def _unit(tx: Transaction, path: str, code: str) -> str:
    found = await directory.units_on_path(tx, path)
    return found[0].name or code if found else code


async def form_data(tx: Transaction, application: Application, kind: str, _state: Any) -> Mapping[str, Any]:
    """The facts of a form. Refuses a form of another kind of application."""
    rules.form_of(kind, application.kind, application.status)
    policy = None if application.policy_id is None else await tx.find(Policy, application.policy_id)
    change, name = application.change, await product_name(tx, application.product)
    insured = [one for one in await insured_of(tx, application.id) if one.op == "add"]
    return {
        "addressee": application.policyholder["name"], "product": name,
        "unit": await _unit(tx, application.org_path, application.unit_code),
        "id_no": masked_id_no(application.policyholder["id_no"]), "form_version": application.form_version,
        "policy_no": None if policy is None else policy.policy_no,
        "starts": moment(application.starts_at),
        "ends": None if application.ends_at is None else last_moment(application.ends_at),
        "insured_count": str(application.insured_count or len(insured)),
        "terms": rules.cover_lines(application.terms.get("cover") or application.requested_cover),
        "agreements": [{"text": one["text"]} for one in application.terms.get("agreements", ())],
        "premium": None if application.premium is None else rules.yuan(application.premium),
        "effective": _written(change.get("effective_on")), "change_reason": change.get("reason"),
    }  # fmt: skip


def _written(value: Any) -> str | None:
    return None if not value else day(date.fromisoformat(str(value)[:10]))


async def product_name(tx: Transaction, code: str) -> str:
    """The product's Chinese name, or its code where it is not known here."""
    terms = await product_in_force(tx, code, tx.now)
    return code if terms is None else str(terms.content["name"]["zh"])


async def letter_data(tx: Transaction, policy: Policy, kind: str, _state: Any) -> Mapping[str, Any]:
    """The facts of a letter. Refuses one whose occasion the policy has not had."""
    versions = await policies.versions_of(tx, policy.id)
    paid = await receipts(tx, policy)
    named = rules.letter_of(kind, [row.change["kind"] for row in versions], len(paid), status_of(policy, tx.now))
    data = await _common(tx, policy)
    if named is LetterKind.POLICY_SCHEDULE:
        data |= await _schedule(tx, policy)
    elif named is LetterKind.RECEIPT:
        data |= _receipt(paid[-1])
    else:
        told = rules.changes_told(named)
        data |= _change([row for row in versions if row.change["kind"] in told][-1])
    return data


async def _common(tx: Transaction, policy: Policy) -> dict[str, Any]:
    return {
        "policy_no": policy.policy_no, "product": await product_name(tx, policy.product),
        "addressee": await _policyholder(tx, policy), "unit": await _unit(tx, policy.org_path, policy.unit_code),
        "starts": moment(policy.starts_at), "ends": last_moment(policy.ends_at),
    }  # fmt: skip


async def _policyholder(tx: Transaction, policy: Policy) -> str:
    """As the application names him; a policy that came from the core names its customer by number."""
    application = None if policy.application_id is None else await tx.scalar(
        select(Application).where(Application.id == policy.application_id)
    )  # fmt: skip
    if application is not None:
        return application.policyholder["name"]
    return f"投保人（客户编号 {policy.customer_core_no or policy.customer_id}）"


async def _schedule(tx: Transaction, policy: Policy) -> dict[str, Any]:
    people = await policies.insured_persons(tx, policy)
    few = len(people) <= rules.PERSONS_ON_THE_PAGE
    listed = [
        {
            "name": one.name, "id_no": masked_id_no(one.id_no), "sum": "按保险单约定"
            if one.sum_insured is None else f"{rules.yuan(one.sum_insured)} 元",
        }
        for one in (people if few else ())
    ]  # fmt: skip
    return {
        "version": str(policy.policy_version), "issued": day(policy.issued_on), "premium": rules.yuan(policy.premium),
        "terms": rules.cover_lines(policy.cover), "exclusions": rules.clauses(policy.exclusions), "persons": listed,
        "many_persons": None if few else str(len(people)), "insured_count": str(policy.insured_count),
    }  # fmt: skip


def _change(row: PolicyVersion) -> dict[str, Any]:
    return {
        "change_no": row.change["no"], "version": str(row.number), "effective": moment(row.effective_at),
        "ended": moment(row.ended_at), "change_reason": row.change.get("reason"), "premium": rules.yuan(row.premium),
        "premium_delta": f"{row.premium_delta:+,.2f}", "refund": rules.yuan(row.refund_amount),
        "insured_count": str(row.insured_count), "terms": rules.cover_lines(row.cover),
    }  # fmt: skip


async def receipts(tx: Transaction, policy: Policy) -> Sequence[PaymentOrder]:
    """Premiums of the policy that were paid, in order; those of the proposal it came from among them."""
    order = PaymentOrder
    mine = order.policy_id == policy.id
    if policy.application_id is not None:
        mine = mine | (order.application_id == policy.application_id)
    paid = select(order).where(mine, order.status == "paid", order.direction == "in")
    return await tx.scalars(paid.order_by(order.paid_at, order.id))


def _receipt(order: PaymentOrder) -> dict[str, Any]:
    return {
        "receipt_no": order.reference or str(order.id), "amount": rules.yuan(order.amount), "paid": day(order.paid_at),
        "payer": order.payer_name or "投保人",
    }  # fmt: skip
