"""How a caller is shown to himself."""

from __future__ import annotations

from gateway.identity.rules import PersonFacts, Post
from gateway.identity.schemas import AppointmentName, HeldAppointment, LimitOut, MeOut, PersonName
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


def me(person: PersonFacts, post: Post, actor: Actor, *, must_set_password: bool) -> MeOut:
    """Person, appointment, permissions and limits: the only source for what a menu shows."""
    limits = [
        LimitOut(kind=one.kind, line=one.line, limit=one.amount, unlimited=True if one.amount is None else None)
        for one in actor.limits
    ]
    return MeOut(
        person=person_name(person), appointment=appointment_name(post), permissions=sorted(actor.permissions),
        limits=limits, must_set_password=must_set_password or None,
    )  # fmt: skip
