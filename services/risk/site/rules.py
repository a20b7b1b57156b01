"""What a site must say."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from unicodedata import normalize
from uuid import UUID

from shared.errors import Conflict, Fault, Refused, Text


class SiteStatus(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class SiteKnown(Conflict):
    """Member: `site_id`."""

    code = "site_known"
    title = Text("该地点已登记", "This site is registered")
    detail = Text("该保单下同一地址的地点已登记。", "A site of this policy at this address is registered already.")


class PositionInvalid(Refused):
    code = "position_invalid"
    title = Text("经纬度无效", "Not a position")
    detail = Text("经度须在 −180 至 180、纬度须在 −90 至 90 之间。", "Give degrees: −180 to 180 and −90 to 90.")


class SiteOfOther(Refused):
    code = "site_of_other_customer"
    title = Text("客户与保单不符", "Another customer's policy")
    detail = Text("该保单的客户不是所填客户。", "The policy is another customer's.")


class UnitOutside(Refused):
    code = "unit_outside_scope"
    title = Text("机构不在辖内", "A unit outside your area")
    detail = Text("地点只能登记在本机构或下属机构。", "A site is registered at your own unit or one below it.")


def address_key(address: str) -> str:
    """What two writings of one address have alike: no spaces, one width, one case."""
    return "".join(normalize("NFKC", address).split()).casefold()


def check_position(longitude: Decimal, latitude: Decimal) -> None:
    """Refuse (422) degrees that there are not."""
    for value, limit, name in ((longitude, 180, "lon"), (latitude, 90, "lat")):
        if abs(value) > limit:
            raise PositionInvalid(Fault(PositionInvalid.code, PositionInvalid.detail, pointer=f"#/position/{name}"))


def refuse_other_customer(asked: UUID | None, owner: UUID) -> None:
    """Refuse (422) a site of one customer on the policy of another."""
    if asked is not None and asked != owner:
        raise SiteOfOther(Fault(SiteOfOther.code, SiteOfOther.detail, pointer="#/customer_id"))
