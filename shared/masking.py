"""How personal values look to those who may not see them: the same shape, recognisable, not usable.

Applied where an answer is shaped; the plain value comes only from a reveal, which is audited.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

COMPOUND_SURNAMES = frozenset(
    (
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "夏侯",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "长孙",
        "宇文",
        "令狐",
        "司徒",
        "东方",
        "端木",
        "百里",
        "南宫",
    )
)


def masked_name(name: str) -> str:
    """`张三` → `张*`, `张小明` → `张*明`, `欧阳岚` → `欧阳*`; organisations keep first and last two."""
    if len(name) <= 1:
        return "*"
    if name[:2] in COMPOUND_SURNAMES and len(name) <= 4:
        rest = name[2:]
        return name[:2] + ("*" if len(rest) <= 1 else "*" + rest[-1])
    if len(name) == 2:
        return name[0] + "*"
    if len(name) <= 4:
        return name[0] + "*" * (len(name) - 2) + name[-1]
    return name[:2] + "*" * (len(name) - 4) + name[-2:]


def masked_id_no(number: str) -> str:
    """First three and last four: `110***********002X`."""
    return _middle(number, 3, 4)


def masked_phone(phone: str) -> str:
    """`13800005678` → `138****5678`; landlines alike."""
    return _middle(phone, 3, 4)


def masked_account(account: str) -> str:
    """Last four only."""
    return "*" * max(len(account) - 4, 4) + account[-4:]


def masked_email(address: str) -> str:
    """First letter and the domain."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"


def masked_text(_: str) -> str:
    """Medical and free text is hidden whole."""
    return "***"


def _middle(value: str, head: int, tail: int) -> str:
    if len(value) <= head + tail:
        return value[:1] + "*" * max(len(value) - 1, 1)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]


def normalised(value: str) -> str:
    """A number or name as it is compared: width-folded, without spaces and hyphens, upper case."""
    folded = unicodedata.normalize("NFKC", value)
    return "".join(folded.split()).replace("-", "").upper()


def keyed_digest(key: bytes, value: str) -> str:
    """The digest by which two services see that a number is the same without seeing the number (HMAC-SHA-256, hex)."""
    return hmac.new(key, normalised(value).encode(), hashlib.sha256).hexdigest()
