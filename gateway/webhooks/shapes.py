"""How webhooks are shown, and what the caller may do with one."""

from __future__ import annotations

from gateway.webhooks import rules
from gateway.webhooks.schemas import DeliveryOut, WebhookItem, WebhookOut, WebhookState
from gateway.webhooks.tables import Delivery, Webhook
from shared.actions import Action, judged
from shared.actor import Actor


def may_change(actor: Actor, row: Webhook) -> None:
    """Raises `WebhookEnded`."""
    rules.refuse_ended(row.status)


def may_renew(actor: Actor, row: Webhook) -> None:
    """Raises `WebhookEnded`, `WebhookOfAnother`."""
    rules.refuse_ended(row.status)
    rules.refuse_other(actor.person_id, row.person_id)


ACTIONS: tuple[Action[Webhook], ...] = (
    Action("change", "PATCH", "/v1/webhooks/{id}", "organisation.webhook.change", may_change),
    Action("renew_secret", "POST", "/v1/webhooks/{id}/secrets", "organisation.webhook.change", may_renew),
    Action("remove", "DELETE", "/v1/webhooks/{id}", "organisation.webhook.remove"),
)


def webhook_item(row: Webhook) -> WebhookItem:
    return WebhookItem.model_validate(row, from_attributes=True)


def webhook_alone(row: Webhook, actor: Actor, language: str) -> WebhookOut:
    actions = judged(ACTIONS, actor, row, row.id, language)
    return WebhookOut(**webhook_item(row).model_dump(), available_actions=actions)


def state_of(row: Webhook) -> WebhookState:
    return WebhookState(id=row.id, version=row.version, status=row.status)


def delivery_out(row: Delivery) -> DeliveryOut:
    shown = DeliveryOut.model_validate(row, from_attributes=True)
    return shown if row.status == "pending" else shown.model_copy(update={"next_at": None})
