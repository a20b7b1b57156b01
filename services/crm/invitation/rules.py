"""The draw of a sample, the links, and what an anonymous link may still say of where it came from."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

ID_BYTES, RANDOM_BYTES, SEAL_BYTES = 16, 16, 8


@dataclass(frozen=True)
class Contact:
    """One contact of a customer with us that the frame includes."""

    about_id: UUID
    customer_id: UUID
    touch_point: str
    product: str | None
    org_path: str

    @property
    def unit_path(self) -> str:
        """The central branch, by which results are compared; what is served above it keeps its own place."""
        return ".".join(self.org_path.split(".")[:3])


def in_draw_order(contacts: Iterable[Contact], survey_id: UUID, key: bytes) -> dict[str, list[Contact]]:
    """The contacts of each unit in the order of the draw, each customer once: by keyed hash, whatever the order given.

    Who is drawn of a unit does not depend on any other unit.
    """

    def lot(one: Contact) -> bytes:
        return hmac.digest(key, f"survey:{survey_id}:{one.about_id}:{one.touch_point}".encode(), hashlib.sha256)

    found: dict[str, list[Contact]] = {}
    seen: set[UUID] = set()
    for one in sorted(contacts, key=lot):
        if one.customer_id not in seen:
            seen.add(one.customer_id)
            found.setdefault(one.unit_path, []).append(one)
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class Origin:
    """What a link says of its customer: the unit, and what he was in contact about."""

    unit_path: str
    product: str | None
    touch_point: str | None


def origins(chosen: Sequence[Contact], anonymous: bool, smallest: int) -> list[Origin]:
    """What each link says. An anonymous one says product and touch point only where `smallest` others of the unit say
    the same: somebody who was the only one invited after a complaint about one product would be known by that.
    """
    full = [Origin(one.unit_path, one.product, one.touch_point) for one in chosen]
    if not anonymous:
        return full
    cells = Counter(full)
    said = [one if cells[one] >= smallest else Origin(one.unit_path, None, None) for one in full]
    # whoever says less than all others of his unit would be known by that
    few = {one.unit_path for one, count in Counter(said).items() if count < smallest}
    return [Origin(one.unit_path, None, None) if one.unit_path in few else one for one in said]


def link_token(survey_id: UUID, random: bytes, key: bytes) -> str:
    """What stands in a link: the survey, a random part, and a seal: a used link is not an invented one."""
    body = survey_id.bytes + random
    return base64.urlsafe_b64encode(body + _seal(body, key)).decode().rstrip("=")


def survey_of(token: str, key: bytes) -> UUID | None:
    """The survey that a link is for; None for one that we never made."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    body, seal = raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]
    if len(body) != ID_BYTES + RANDOM_BYTES or not hmac.compare_digest(seal, _seal(body, key)):
        return None
    return UUID(bytes=body[:ID_BYTES])


def _seal(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"survey link" + body, hashlib.sha256)[:SEAL_BYTES]


def digest_of(token: str) -> str:
    """Under which an unused link is stored."""
    return hashlib.sha256(token.encode()).hexdigest()
