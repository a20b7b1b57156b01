"""What a customer is known by: identity numbers and phones, read, normalised and checked; and who serves him.

A number typed in here is refused when it cannot be right. One that comes from the core system is stored as it stands
and only doubted (`doubt_about`), because a synchronisation must not stop at somebody's old typing error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Conflict, Fault, Text, ValidationFailed


class CustomerKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"


class IdType(StrEnum):
    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    HK_MACAU_PERMIT = "hk_macau_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    USCC = "uscc"


def normalised(number: str) -> str:
    """Upper case, half width, without blanks and dashes: the form that is stored, compared and digested."""
    return re.sub(r"[\s\-‐-―]", "", unicodedata.normalize("NFKC", number)).upper()


def resident_id_check(body: str) -> str:
    """The check sign of the first 17 digits of a resident id (GB 11643, MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * (1 << (17 - i)) for i, digit in enumerate(body[:17])) % 11]


def full_resident_id(number: str) -> str:
    """The 18-digit form of a resident id; one of 15 digits gets its century (19) and its check sign."""
    if re.fullmatch(r"[0-9]{15}", number):
        body = f"{number[:6]}19{number[6:]}"
        return body + resident_id_check(body)
    return number


def born_on(resident_id: str) -> date | None:
    """The birthday in a resident id of 15 or 18 digits, `None` where it is no date."""
    digits = full_resident_id(normalised(resident_id))[6:14]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def age_on(birthday: date, day: date) -> int:
    """Full years of age on `day`; who was born on 29 February has his birthday on 1 March of other years."""
    return day.year - birthday.year - ((day.month, day.day) < (birthday.month, birthday.day))


_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc_check(body: str) -> str:
    """The check sign of the first 17 signs of a unified social credit code (GB 32100, weights 3ⁱ mod 31)."""
    total = sum(_USCC_SIGNS.index(sign) * pow(3, i, 31) for i, sign in enumerate(body[:17]))
    return _USCC_SIGNS[-total % 31]


@dataclass(frozen=True)
class Doubt:
    """Why a number cannot be right."""

    code: str
    detail: Text


_SHAPES: dict[IdType, tuple[str, Text]] = {
    IdType.RESIDENT_ID: (
        r"[1-9][0-9]{5}([0-9]{9}|[0-9]{11}[0-9X])",
        Text("居民身份证号码为 18 位(或旧 15 位)。", "A resident id has 18 signs, an old one 15 digits."),
    ),
    IdType.PASSPORT: (r"[A-Z0-9]{5,17}", Text("护照号码为 5 至 17 位字母或数字。", "A passport has 5 to 17 signs.")),
    IdType.HK_MACAU_PERMIT: (
        r"[HM][0-9]{8}([0-9]{2})?",
        Text(
            "港澳居民通行证为 H 或 M 加 8 位或 10 位数字。",
            "A permit of Hong Kong or Macau is H or M and 8 or 10 digits.",
        ),
    ),
    IdType.TAIWAN_PERMIT: (
        r"[0-9]{8}|[0-9]{10}[A-Z]?",
        Text("台湾居民通行证为 8 位数字(旧证 10 位)。", "A permit of Taiwan has 8 digits, an old one 10."),
    ),
    IdType.USCC: (
        rf"[{_USCC_SIGNS}]{{2}}[0-9]{{6}}[{_USCC_SIGNS}]{{10}}",
        Text("统一社会信用代码为 18 位。", "A unified social credit code has 18 signs."),
    ),
}


def doubt_about(id_type: IdType, number: str, today: date) -> Doubt | None:
    """Why `number` cannot be an identity number of this type, or `None`: its form, its check sign, its birthday."""
    plain = normalised(number)
    pattern, text = _SHAPES[id_type]
    if not re.fullmatch(pattern, plain):
        return Doubt("id_format", text)
    if id_type is IdType.RESIDENT_ID:
        return _doubt_about_resident(full_resident_id(plain), today)
    if id_type is IdType.USCC and plain[17] != uscc_check(plain):
        return Doubt("id_check_sign", Text("校验码不正确。", "The check sign is wrong."))
    return None


def _doubt_about_resident(number: str, today: date) -> Doubt | None:
    birthday = born_on(number)
    if birthday is None or birthday > today:
        return Doubt("id_birthday", Text("出生日期不正确。", "The birthday in the number is no possible day."))
    if number[17] != resident_id_check(number):
        return Doubt("id_check_sign", Text("校验码不正确。", "The check sign is wrong."))
    return None


_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[1-9][0-9]{1,2}[0-9]{7,8}([0-9]{1,6})?|[48]00[0-9]{7}|95[0-9]{3,6}|(00|\+)[1-9][0-9]{6,14}")


def plain_phone(phone: str) -> str:
    """A phone number without blanks, signs and the country code 86."""
    digits = re.sub(r"[()/.]", "", normalised(phone))
    return re.sub(r"^(\+|00)86", "", digits)


def is_mobile(phone: str) -> bool:
    """Whether a number is a mainland mobile, to which a short message can be sent."""
    return _MOBILE.fullmatch(plain_phone(phone)) is not None


def is_phone(phone: str) -> bool:
    """Whether a number can be called: mobile, landline with area code, service number or foreign number."""
    return is_mobile(phone) or _LANDLINE.fullmatch(plain_phone(phone)) is not None


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
