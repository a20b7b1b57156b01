"""What is sent and answered about webhooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from gateway.organisation.schemas import Command
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=2000)]
EventName = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z]+(\.[a-z_]+)?\.\*|[a-z]+\.[a-z_]+\.[a-z_]+)$")]
Events = Annotated[list[EventName], Field(min_length=1, max_length=100)]
OrgPathText = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}(\.[0-9]+){0,3}$")]


class RegisterWebhook(Command):
    """`events`: types such as `claims.claim.reported`, `claims.*` or `*`; `org_path`: events at or below it."""

    url: Url
    events: Events
    org_path: OrgPathText


class ChangeWebhook(Command):
    """A merge patch. `active` after a pause sends what has waited meanwhile."""

    url: Url | None = None
    events: Events | None = None
    status: Literal["active", "paused"] | None = None


class RenewSecret(Command):
    """For so many hours deliveries carry a signature by the former secret too; 0 ends it at once."""

    keep_former_hours: int = Field(default=24, ge=0, le=168)


class WebhookItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    url: str
    events: list[str]
    status: str
    status_reason: str | None = None
    status_at: Instant | None = None
    person_id: Id
    former_until: Instant | None = None
    failing_since: Instant | None = None
    delivered_at: Instant | None = None


class WebhookOut(WebhookItem):
    available_actions: list[ActionOut]


class RegisteredOut(WebhookItem):
    """`secret` is shown this once; a repeat of the request does not show it again."""

    secret: str | None = None


class WebhookState(BaseModel):
    id: Id
    version: int
    status: str


class SecretOut(BaseModel):
    id: Id
    created_at: Instant
    former_until: Instant | None = None
    secret: str | None = None
    webhook: WebhookState


class DeliveryOut(BaseModel):
    """`fault`: `timeout`, `not_reached`, `certificate`, `broken_off`, `status`, or why the target was refused."""

    id: Id
    created_at: Instant
    event_id: Id
    type: str
    record_id: Id
    status: str
    attempts: int
    next_at: Instant | None = None
    answered_at: Instant | None = None
    answer_status: int | None = None
    fault: str | None = None


class RedeliveryOut(BaseModel):
    id: Id
    created_at: Instant
    delivery: dict[str, Any]
    webhook: WebhookState
