"""Signatures (Standard Webhooks), pauses, and which addresses and events a webhook may have. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from gateway.feed.rules import may_read, readable
from shared.errors import Conflict, Fault, Forbidden, Refused, Text, ValidationFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PAUSES_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 34_000)
"""Before the second and each later attempt; together just under a day."""
GIVEN_UP_AFTER = timedelta(hours=24)
LATER_BY = 0.1
"""Each pause is lengthened by up to this part of it, so that many deliveries do not come back at once."""
SECRET_BYTES = 32
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class WebhookStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Reason(StrEnum):
    """Why a webhook is not active."""

    ASKED = "asked"
    FAILING = "failing"
    OWNER_ENDED = "owner_ended"
    """Whoever registered it no longer holds that appointment, or may not read its events there any more."""
    GONE = "gone"
    """The address has answered 410."""


class TargetRefused(Refused):
    """Member: `reason`: `not_https`, `not_an_address`, `not_found`, `not_public`."""

    code = "target_refused"
    title = Text("该地址不能作为推送目标", "This address cannot be a target")
    detail = Text(
        "推送目标须为公网 https 地址，且不含用户信息。", "A target is a public https address without user information."
    )


class EventsNotReadable(Forbidden):
    """Member: `events` that the caller may not read."""

    code = "events_not_readable"
    title = Text("无权读取所订阅的事件", "Events that the caller may not read")
    detail = Text("只能订阅本岗位可读的事件。", "Only events that the position may read can be pushed.")


class WebhookOfAnother(Forbidden):
    code = "webhook_of_another"
    title = Text("该推送由他人登记", "Somebody else registered the webhook")
    detail = Text(
        "地址、事件与密钥只能由登记人更改；暂停、恢复与删除不限。",
        "Only who registered it changes address, events and secret; others may pause, resume and remove it.",
    )


class WebhookEnded(Conflict):
    code = "webhook_ended"
    title = Text("该推送已终止", "The webhook has ended")
    detail = Text("目标已答复不再接收，请重新登记。", "The target has said that it is gone; register it anew.")


class DeliveryPending(Conflict):
    code = "delivery_pending"
    title = Text("该推送尚在进行", "The delivery is under way")
    detail = Text("该事件仍在自动重试中。", "This event is still being sent by itself.")


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 over `{id}.{timestamp}.{body}` in base64."""
    signed = hmac.new(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def signatures(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """One signature for each secret in use, separated by a space; one that fits is enough."""
    return " ".join(signature(secret, message_id, timestamp, body) for secret in secrets)


def shown_secret(secret: bytes) -> str:
    """The secret as it is given out, once."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def pause_after(attempts: int, chance: float) -> timedelta | None:
    """How long to wait after so many attempts; None: it was the last one. `chance` from 0 to 1 spreads the attempts."""
    if attempts > len(PAUSES_S):
        return None
    return timedelta(seconds=PAUSES_S[attempts - 1] * (1 + LATER_BY * chance))


def next_attempt(attempts: int, began_at: datetime, now: datetime, chance: float) -> datetime | None:
    """When a delivery that has failed `attempts` times is tried again; None once the day is over."""
    pause = pause_after(attempts, chance)
    if pause is None or now + pause > began_at + GIVEN_UP_AFTER:
        return None
    return now + pause


def is_down(failing_since: datetime | None, began_at: datetime) -> bool:
    """Whether nothing has got through since the delivery that is given up now began."""
    return failing_since is not None and failing_since <= began_at


def is_public(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Whether the address may be connected to: public, or in an allowed network. What is wrapped in it counts."""
    for one in _meant(address):
        inside = any(one.version == network.version and one in network for network in allowed)
        open_to_all = one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified)
        if not (inside or open_to_all):
            return False
    return True


def _meant(address: Address) -> list[Address]:
    """The address that a packet would reach in the end: IPv4 inside IPv6 is unwrapped."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inner: list[Address] = [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)] if address in NAT64 else []
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner += list(address.teredo)
    return inner or [address]


def types_of(events: Collection[str], known: Collection[str]) -> set[str]:
    """The event types that are meant: `claims.claim.reported`, `claims.*` and `*`. Raises `ValidationFailed`."""
    found, faults = set[str](), []
    for n, one in enumerate(events):
        matching = {kind for kind in known if _matches(kind, one)}
        found |= matching
        if not matching:
            words = Text("没有这种事件。", "There are no such events.")
            faults.append(Fault("unknown_event", words, pointer=f"#/events/{n}"))
    if faults:
        raise ValidationFailed(*faults)
    return found


def _matches(event_type: str, pattern: str) -> bool:
    return pattern == "*" or event_type == pattern or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))


def is_wanted(event_type: str, events: Collection[str], permissions: Collection[str]) -> bool:
    """Whether the event is pushed to a webhook with these `events`, whose owner holds these permissions."""
    return may_read(event_type, permissions) and any(_matches(event_type, one) for one in events)


def refuse_unreadable(events: Collection[str], known: Collection[str], permissions: Collection[str]) -> None:
    """A pattern means what the caller may read of it, and at least one event; a type named in full must be readable.

    Raises `ValidationFailed`, `EventsNotReadable`.
    """
    types_of(events, known)
    refused = [one for one in events if not readable(types_of([one], known), permissions)]
    if refused:
        raise EventsNotReadable(events=refused)


def refuse_other(person_id: UUID, owner_id: UUID) -> None:
    """Events go where those say whose right to read them it is. Raises `WebhookOfAnother`."""
    if person_id != owner_id:
        raise WebhookOfAnother()


def refuse_ended(status: str) -> None:
    """Raises `WebhookEnded`."""
    if status == WebhookStatus.ENDED:
        raise WebhookEnded()
