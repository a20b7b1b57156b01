"""What a customer is known by: identity numbers and phones, read, normalised and checked; and who serves him.

A number typed in here is refused when it cannot be right. One that comes from the core system is stored as it stands
and only doubted (`doubt_about`), because a synchronisation must not stop at somebody's old typing error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.crm.customer.rules.numbers import (
    Doubt,
    IdType,
    age_on,
    born_on,
    doubt_about,
    full_resident_id,
    is_mobile,
    is_phone,
    normalised,
    plain_phone,
    resident_id_check,
    uscc_check,
)
from shared.errors import Conflict, Fault, Text, ValidationFailed

__all__ = [
    "Doubt",
    "IdType",
    "age_on",
    "born_on",
    "doubt_about",
    "full_resident_id",
    "is_mobile",
    "is_phone",
    "normalised",
    "plain_phone",
    "resident_id_check",
    "uscc_check",
]


class CustomerKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class Identity:
    kind: CustomerKind
    name: str
    id_type: IdType | None
    id_no: str | None
    phones: tuple[str | None, ...] = ()
    """The customer's own, then those of the contacts; None where there is none."""


def check_identity(given: Identity, today: date) -> None:
    """Refuse (422), all at once, a blank name, half an id, an id of the other kind, a wrong number or phone."""
    faults = list(_identity_faults(given, today))
    if faults:
        raise ValidationFailed(*faults)


def _identity_faults(given: Identity, today: date) -> Iterable[Fault]:
    if not given.name.strip():
        yield Fault("name_required", Text("须填写名称。", "A name is needed."), pointer="#/name")
    if (given.id_type is None) != (not given.id_no):
        text = Text("证件类型与号码须同时填写。", "Type and number of an id belong together.")
        yield Fault("id_incomplete", text, pointer="#/id_no")
    elif given.id_type is not None and given.id_no:
        if (given.id_type is IdType.USCC) != (given.kind is CustomerKind.ORGANISATION):
            text = Text("证件类型与客户类别不符。", "This type of id does not belong to this kind of customer.")
            yield Fault("id_type_of_other_kind", text, pointer="#/id_type")
        doubt = doubt_about(given.id_type, given.id_no, today)
        if doubt is not None:
            yield Fault(doubt.code, doubt.detail, pointer="#/id_no")
    for i, phone in enumerate(given.phones):
        yield from _phone_faults(phone, "#/phone" if i == 0 else f"#/contacts/{i - 1}/phone")


def _phone_faults(phone: str | None, pointer: str) -> Iterable[Fault]:
    if phone is not None and not is_phone(phone):
        yield Fault("phone_format", Text("电话号码不正确。", "This is no phone number."), pointer=pointer)


def check_phone(phone: str | None) -> None:
    """Refuse (422) what nobody can call."""
    faults = list(_phone_faults(phone, "#/phone"))
    if faults:
        raise ValidationFailed(*faults)


@dataclass(frozen=True)
class Assignment:
    """Who serves a customer, by units: of the team and of the account manager, where they are named."""

    unit_code: str
    team_unit_code: str | None = None
    manager_unit_code: str | None = None
    area_code: str | None = None
    unit_kind: str = "standard"


def check_assignment(given: Assignment, unit_areas: Iterable[str], *, open_assignments: int) -> None:
    """Refuse (422), all at once, what gives a customer two masters or none of the place.

    A second open assignment, a team of another unit, a manager who is not on that unit's staff, and a branch's local
    unit for a customer whose area (division code, matched by prefix) is not its own.
    """
    faults = []
    if open_assignments:
        text = Text("客户已有现行归属，须先终止。", "The customer has a current assignment; end it first.")
        faults.append(Fault("assignment_open", text, pointer="#/unit_code"))
    if given.team_unit_code not in (None, given.unit_code):
        text = Text("该团队不属于此机构。", "The team belongs to another unit.")
        faults.append(Fault("team_of_other_unit", text, pointer="#/team_code"))
    if given.manager_unit_code not in (None, given.unit_code):
        text = Text("客户经理不是该机构人员。", "The manager is not on the staff of this unit.")
        faults.append(Fault("manager_of_other_unit", text, pointer="#/manager_staff_no"))
    foreign = given.area_code is not None and not any(given.area_code.startswith(area) for area in unit_areas)
    if given.unit_kind == "branch_local" and foreign:
        text = Text("分公司本部不得承接其他机构辖区的客户。", "A branch's own unit takes no customer of another area.")
        faults.append(Fault("area_of_other_unit", text, pointer="#/unit_code"))
    if faults:
        raise ValidationFailed(*faults)


class CustomerMerged(Conflict):
    """Member: `merged_into`, the record that was kept."""

    code = "customer_merged"
    title = Text("客户已合并", "The customer was merged")
    detail = Text(
        "该客户已并入 {merged_into}，请办理该记录。", "The customer was merged into {merged_into}; use that record."
    )


class CustomerFrozen(Conflict):
    """PIPL art. 47: while a period of keeping runs, data are only stored and protected. Member: `keep_until`."""

    code = "customer_frozen"
    title = Text("客户信息已冻结", "The customer's data are frozen")
    detail = Text(
        "应客户要求停止处理，仅保存至保存期满（{keep_until}）。",
        "As the customer asked, the data are only stored until the time of keeping ends ({keep_until}).",
    )


class OwnedByCore(Conflict):
    """Member: `fields`, which only the core system changes."""

    code = "owned_by_core"
    title = Text("由核心系统维护", "Kept by the core system")
    detail = Text("以下内容由核心系统维护：{fields}。", "The core system keeps these: {fields}.")


class CustomerKnown(Conflict):
    """Member: `customer_id`, the record of the same person or organisation."""

    code = "customer_known"
    title = Text("客户已存在", "The customer is known already")
    detail = Text("该证件号码的客户已存在：{customer_id}。", "A customer with this number exists: {customer_id}.")


class AssignmentUnchanged(Conflict):
    code = "assignment_unchanged"
    title = Text("归属未变", "The assignment is the same")
    detail = Text(
        "该客户已归属于此机构、团队和客户经理。", "The customer is served by this unit, team and manager already."
    )


CORE_FIELDS = frozenset({"kind", "name", "id_type", "id_no", "phone", "email", "address", "area_code"})
"""What the core system says of its customers; what was agreed with the customer here is ours."""

PERSONAL = frozenset({"name", "id_no", "phone", "email", "address", "note"})
"""Fields whose values stand in no event, no log and no history; there only their names are told."""


def refuse_merged(merged_into: object | None) -> None:
    """Refuse (409) any change of a customer whose record was merged into another."""
    if merged_into is not None:
        raise CustomerMerged(merged_into=str(merged_into))


def refuse_core_fields(changed: Collection[str], *, from_core: bool) -> None:
    """Refuse (409) to change here what the core system states of its own customers."""
    owned = sorted(CORE_FIELDS & set(changed)) if from_core else []
    if owned:
        raise OwnedByCore(fields=owned)


def refuse_frozen(frozen: bool, keep_until: date | None = None) -> None:
    """Refuse (409) to do anything with data that are only stored."""
    if frozen:
        raise CustomerFrozen(keep_until="—" if keep_until is None else keep_until.isoformat())


ASKED_FIRST = frozenset({"marketing", "value_added"})
"""Purposes that need a consent; the others go on until the customer objects."""


@dataclass(frozen=True)
class Said:
    """One statement of a customer; `channel` None speaks of all. `until_on`: the last day it holds."""

    purpose: str
    channel: str | None
    granted: bool
    at: datetime
    until_on: date | None = None


def may_contact(said: Iterable[Said], purpose: str, channel: str | None, today: date) -> bool:
    """Whether the customer may be contacted: by his newest statement on the purpose that speaks of this channel.

    A statement whose time is over does not speak; without one, marketing needs a consent (PIPL art. 13) and the rest
    of the service does not.
    """
    holding = [
        one for one in said
        if one.purpose in (purpose, "all") and one.channel in (None, channel)
        and (one.until_on is None or one.until_on >= today)
    ]  # fmt: skip
    if not holding:
        return purpose not in ASKED_FIRST
    return max(holding, key=lambda one: one.at).granted
