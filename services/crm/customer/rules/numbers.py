"""Identity numbers and phones: read, normalised and checked. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Text


class IdType(StrEnum):
    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    PERMANENT_RESIDENT = "permanent_resident"
    """Foreigners' permanent residence: 18 digits beginning with 9 (since 2023), before that 3 letters, 12 digits."""
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
    IdType.PERMANENT_RESIDENT: (
        r"9[0-9]{16}[0-9X]|[A-Z]{3}[0-9]{12}",
        Text("外国人永久居留证号码为 18 位(或旧 15 位)。", "A permanent residence has 18 signs, an old one 15."),
    ),
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
    if id_type is IdType.RESIDENT_ID or (id_type is IdType.PERMANENT_RESIDENT and len(plain) == 18):
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


_OF_REGION = {
    "852": re.compile(r"[2-9][0-9]{7}"),
    "853": re.compile(r"(6[0-9]|28|8[0-9])[0-9]{6}"),
    "886": re.compile(r"9[0-9]{8}|[2-8][0-9]{7,8}"),
}
"""Numbers of Hong Kong, Macau and Taiwan behind their codes; all other foreign numbers are only measured."""


def plain_phone(phone: str) -> str:
    """A phone number without blanks, signs and the country code 86."""
    digits = re.sub(r"[()/.]", "", normalised(phone))
    return re.sub(r"^(\+|00)86", "", digits)


def is_mobile(phone: str) -> bool:
    """Whether a number is a mainland mobile, to which a short message can be sent."""
    return _MOBILE.fullmatch(plain_phone(phone)) is not None


def is_phone(phone: str) -> bool:
    """Whether a number can be called: mobile, landline with area code, service number, a number of Hong Kong, Macau or
    Taiwan with its code, or another foreign one."""
    plain = plain_phone(phone)
    region = re.fullmatch(r"(?:\+|00)(852|853|886)0?([0-9]+)", plain)
    if region is not None:
        return _OF_REGION[region[1]].fullmatch(region[2]) is not None
    return is_mobile(phone) or _LANDLINE.fullmatch(plain) is not None
