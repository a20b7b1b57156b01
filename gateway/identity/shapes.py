"""How a caller is shown to himself."""

from __future__ import annotations

from gateway.identity.rules import Acting, PersonFacts, Post
from gateway.identity.schemas import AppointmentName, HeldAppointment, LimitOut, MachineKeyItem, MeOut, PersonName
from gateway.identity.tables import MachineKey
from gateway.organisation.schemas import UnitName
from shared.actor import Actor


def person_name(person: PersonFacts) -> PersonName:
    return PersonName(id=person.id, name=person.name)


def appointment_name(post: Post) -> AppointmentName:
    unit = UnitName(code=post.unit_code, name=post.unit_name, level=post.level, kind=post.kind, path=post.path)
    return AppointmentName(id=post.id, position=post.position, unit=unit)


def held_appointment(post: Post) -> HeldAppointment:
    shown = appointment_name(post).model_dump() | {"from": post.from_on, "to": post.to_on}
    return HeldAppointment.model_validate(shown)


def acting_name(acting: Acting, post: Post) -> AppointmentName:
    """The delegator's appointment as somebody else acts under it."""
    shown = appointment_name(post)
    shown.acting, shown.delegation_id = True, acting.delegation.id
    shown.on_behalf_of = person_name(acting.delegator)
    return shown


def held_acting(acting: Acting, post: Post) -> HeldAppointment:
    """A delegation among the appointments, from its first day to the first day after."""
    shown = acting_name(acting, post).model_dump()
    return HeldAppointment.model_validate(shown | {"from": acting.delegation.from_on, "to": acting.delegation.to_on})


def machine_key(row: MachineKey) -> MachineKeyItem:
    kind = "ed25519" if row.public_key["kty"] == "OKP" else "p_256"
    return MachineKeyItem(id=row.id, created_at=row.created_at, thumbprint=row.thumbprint, kind=kind)


def me(
    person: PersonFacts, post: Post, actor: Actor, *, must_set_password: bool, acting: Acting | None = None
) -> MeOut:
    """Person, appointment, permissions and limits: the only source for what a menu shows."""
    limits = [
        LimitOut(kind=one.kind, line=one.line, limit=one.amount, unlimited=True if one.amount is None else None)
        for one in actor.limits
    ]
    return MeOut(
        person=person_name(person), permissions=sorted(actor.permissions),
        appointment=appointment_name(post) if acting is None else acting_name(acting, post),
        limits=limits, must_set_password=must_set_password or None,
    )  # fmt: skip
