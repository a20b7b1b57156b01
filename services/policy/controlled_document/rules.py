"""Serial numbers, who keeps them, in which order they are used, and what the monthly count finds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from shared.errors import Conflict, Fault, Forbidden, ReasonRequired, Refused, StateConflict, Text, ValidationFailed


class DocumentKind(StrEnum):
    PROPOSAL_FORM = "proposal_form"
    POLICY_FORM = "policy_form"
    ENDORSEMENT_FORM = "endorsement_form"
    INVOICE_FORM = "invoice_form"
    RECEIPT_FORM = "receipt_form"


class DocumentStatus(StrEnum):
    IN_STOCK = "in_stock"
    HELD = "held"
    USED = "used"
    VOIDED = "voided"
    LOST = "lost"
    RECONCILED = "reconciled"
    SORTED = "sorted"
    BOUND = "bound"
    ARCHIVED = "archived"
    BORROWED = "borrowed"
    DESTROYED = "destroyed"


class MovementAction(StrEnum):
    """`register`, `void` and `reconcile` have routes of their own; the others are named by whoever moves something."""

    REGISTER = "register"
    HAND_OUT = "hand_out"
    TAKE_BACK = "take_back"
    TRANSFER = "transfer"
    USE = "use"
    LOSE = "lose"
    VOID = "void"
    RECONCILE = "reconcile"


_S, _A = DocumentStatus, MovementAction

MOVES: dict[MovementAction, tuple[frozenset[DocumentStatus], DocumentStatus]] = {
    _A.HAND_OUT: (frozenset({_S.IN_STOCK}), _S.HELD),
    _A.TAKE_BACK: (frozenset({_S.HELD}), _S.IN_STOCK),
    _A.TRANSFER: (frozenset({_S.IN_STOCK}), _S.IN_STOCK),
    _A.USE: (frozenset({_S.HELD}), _S.USED),
    _A.LOSE: (frozenset({_S.IN_STOCK, _S.HELD}), _S.LOST),
    _A.VOID: (frozenset({_S.IN_STOCK, _S.HELD, _S.USED}), _S.VOIDED),
    _A.RECONCILE: (frozenset({_S.USED, _S.VOIDED, _S.LOST}), _S.RECONCILED),
}


class SerialExists(Conflict):
    """Member: `serial`, the first that is registered already."""

    code = "serial_exists"
    title = Text("单证号已登记", "The serial number is registered")
    detail = Text("单证号 {serial} 已登记。", "Serial number {serial} is registered already.")


class SerialGap(Conflict):
    """Member: `expected`, the number that follows."""

    code = "serial_gap"
    title = Text("单证号不连续", "The serial numbers leave a gap")
    detail = Text("下一单证号应为 {expected}。", "The next serial number is {expected}.")


class SerialUnknown(Refused):
    """Member: `missing`, how many of the range are not registered."""

    code = "serial_unknown"
    title = Text("单证号未登记", "Serial numbers are not registered")
    detail = Text("该号段有 {missing} 个单证号未登记。", "{missing} number(s) of the range are not registered.")


class SerialOutOfSequence(Conflict):
    """Member: `expected`, the serial number that is used next."""

    code = "serial_out_of_sequence"
    title = Text("须按号顺序使用", "Numbers are used in sequence")
    detail = Text("应先使用 {expected}。", "{expected} is used first.")


class HeldByAnotherUnit(Conflict):
    """Member: `unit_code`."""

    code = "held_by_another_unit"
    title = Text("单证由其他机构保管", "Another unit holds it")
    detail = Text("该单证由机构 {unit_code} 保管。", "The document is held by unit {unit_code}.")


class CopiesMissing(Conflict):
    """Members: `copies`, `returned`."""

    code = "copies_missing"
    title = Text("各联未收齐", "Copies are missing")
    detail = Text("共 {copies} 联，收回 {returned} 联，不能作废。", "{returned} of {copies} copies came back: no void.")


class CustodianInOffice(Conflict):
    """Member: `person_id`."""

    code = "custodian_in_office"
    title = Text("已有单证保管人", "There is a custodian already")
    detail = Text("该机构已有在任的单证保管人。", "The unit has a custodian in office.")


class CustodianApprovesClaims(Conflict):
    code = "custodian_approves_claims"
    title = Text("岗位不相容", "The positions exclude each other")
    detail = Text("核赔人员不能保管重要单证。", "Whoever approves claims keeps no controlled documents.")


class NotTheCustodian(Forbidden):
    code = "not_the_custodian"
    title = Text("不是该机构的单证保管人", "Not the custodian of the unit")
    detail = Text("重要单证只能由在任的专职保管人经手。", "Only the named custodian in office moves these documents.")


class CountedAlready(Conflict):
    """Member: `month`."""

    code = "counted_already"
    title = Text("该月已盘点", "The month was counted")
    detail = Text("{month} 已盘点。", "{month} was counted already.")


@dataclass(frozen=True)
class Range:
    """Serial numbers from `first` to `last`, both included, of one kind and prefix."""

    kind: str
    prefix: str
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def serial(prefix: str, number: int) -> str:
    """The number as it is printed: eight digits after its prefix."""
    return f"{prefix}{number:08d}"


def check_range(given: Range, at_most: int) -> None:
    """Refuse (422) a range that runs backwards or is too long."""
    if given.last < given.first:
        words = Text("止号小于起号。", "The last number lies before the first.")
        raise ValidationFailed(Fault("range_reversed", words, pointer="#/last"))
    if given.size > at_most:
        words = Text("号段过长。", "The range is too long.")
        raise ValidationFailed(Fault("range_too_long", words, pointer="#/last"))


def may_register(given: Range, highest: int | None) -> None:
    """Refuse (409) numbers that are registered, and a range that leaves a gap after the highest one."""
    if highest is None:
        return
    if given.first <= highest:
        raise SerialExists(serial=serial(given.prefix, given.first))
    if given.first != highest + 1:
        raise SerialGap(expected=serial(given.prefix, highest + 1))


@dataclass(frozen=True)
class Held:
    """One registered document."""

    number: int
    status: DocumentStatus
    unit_code: str
    copies: int


def move(action: MovementAction, given: Range, held: Sequence[Held], unit_code: str, lowest: int | None) -> str:
    """The status after a movement of the whole range.

    `lowest`: the lowest number of the kind and prefix that the unit has handed out and not used. Refuses (422) numbers
    that are not registered, (409) those of another unit, those in another state, and using them out of sequence.
    """
    if len(held) != given.size:
        raise SerialUnknown(missing=given.size - len(held))
    for one in held:
        if one.unit_code != unit_code:
            raise HeldByAnotherUnit(unit_code=one.unit_code)
    allowed, to = MOVES[action]
    for one in held:
        if one.status not in allowed:
            raise StateConflict(current_state=str(one.status), legal_moves=legal_moves(one.status))
    if action is MovementAction.USE and lowest is not None and given.first != lowest:
        raise SerialOutOfSequence(expected=serial(given.prefix, lowest))
    return str(to)


def legal_moves(status: DocumentStatus) -> list[str]:
    """The states that a document may go to from `status` by hand."""
    return sorted({str(to) for sources, to in MOVES.values() if status in sources})


def check_void(held: Held, returned: int, reason: str | None) -> None:
    """Refuse a void without its reason (422) or without all copies (409)."""
    _wants_reason(reason)
    if returned != held.copies:
        raise CopiesMissing(copies=held.copies, returned=returned)


def check_movement(action: MovementAction, *, to_unit: str | None, to_person: bool, used_for: str | None,
                   reason: str | None) -> None:  # fmt: skip
    """Refuse (422) a movement without what it needs: a unit, a person, what it was used for, a reason for a loss."""
    wanted = {
        MovementAction.TRANSFER: ("to_unit_code", to_unit is not None),
        MovementAction.HAND_OUT: ("to_person_id", to_person),
        MovementAction.USE: ("used_for", bool(used_for)),
    }
    name, given = wanted.get(action, ("", True))
    if not given:
        words = Text("该项必填。", "This movement needs it.")
        raise ValidationFailed(Fault("movement_incomplete", words, pointer=f"#/{name}"))
    if action is MovementAction.LOSE:
        _wants_reason(reason)


def _wants_reason(reason: str | None) -> None:
    if not (reason or "").strip():
        words = Text("须说明原因。", "Say why.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/reason"))


def may_appoint(in_office: Any | None, ends_predecessor: bool, positions: Collection[str]) -> None:
    """Refuse (409) a second custodian, and whoever approves claims."""
    if "claims_approver" in positions:
        raise CustodianApprovesClaims()
    if in_office is not None and not ends_predecessor:
        raise CustodianInOffice(person_id=str(in_office))


def expected_counts(stock: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What should lie in the unit, from the register: `{kind, prefix, in_stock, held}` of (kind, prefix, status)."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for kind, prefix, status in stock:
        counted.setdefault((kind, prefix), Counter())[status] += 1
    return [
        {"kind": kind, "prefix": prefix, "in_stock": found["in_stock"], "held": found["held"]}
        for (kind, prefix), found in sorted(counted.items())
    ]


def count_differences(
    expected: Iterable[Mapping[str, Any]], counted: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Where the count and the register differ: `{kind, prefix, place, expected, counted}`; what nobody counted, too."""
    ours = {(one["kind"], one["prefix"]): one for one in expected}
    theirs = {(one["kind"], one["prefix"]): one for one in counted}
    found = []
    for key in sorted(ours.keys() | theirs.keys()):
        for place in ("in_stock", "held"):
            want, have = ours.get(key, {}).get(place, 0), theirs.get(key, {}).get(place, 0)
            if want != have:
                found.append({"kind": key[0], "prefix": key[1], "place": place, "expected": want, "counted": have})
    return found


def check_count(month: str, today: date, differences: Sequence[Any], explanation: str | None) -> None:
    """Refuse (422) a month to come, and differences that nobody explains."""
    if month > f"{today:%Y-%m}":
        words = Text("不能盘点未来月份。", "A month to come cannot be counted.")
        raise ValidationFailed(Fault("month_in_future", words, pointer="#/month"))
    if differences and not (explanation or "").strip():
        words = Text("账实不符须说明。", "Differences are explained.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/explanation"))
