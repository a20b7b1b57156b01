"""Who is insured and who benefits: insurable interest, consent to death cover, minors' caps (保险法 art. 31 to 39)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from shared.errors import Fault, Refused, Text, ValidationFailed
from shared.money import ZERO, yuan

RELATIVES = frozenset({"spouse", "child", "parent", "sibling", "grandparent", "grandchild", "guardian"})
INSURABLE = frozenset({"self", "employee", "child", "parent", "spouse", "student", "dependant", "member"})


@dataclass(frozen=True)
class Listed:
    """Somebody on the list. `sum_insured` in yuan, his own or the cover's; `beneficiaries` by their relation to him."""

    ref: str
    relation: str | None
    born_on: date | None
    occupation_class: int | None
    sum_insured: Decimal
    beneficiaries: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class EmployerBeneficiary(Refused):
    """Member: `refs`, the insured persons concerned."""

    code = "employer_beneficiary"
    title = Text("单位不得为受益人", "An employer is no beneficiary")
    detail = Text(
        "投保人为其劳动者投保人身保险，受益人只能为被保险人或者其近亲属(保险法第三十九条)：{refs}。",
        "For an employee only the insured person or a relative benefits (保险法 art. 39): {refs}.",
    )


class MinorCapExceeded(Refused):
    """Members: `ref`, `cap` and `total` in yuan."""

    code = "minor_cap_exceeded"
    title = Text("未成年人身故保险金额超限", "Death cover of a minor above the cap")
    detail = Text(
        "被保险人 {ref} 未成年，身故保险金额合计 {total} 元超过 {cap} 元(保险法第三十三条)。",
        "{ref} is a minor: death cover of {total} in all exceeds {cap} (保险法 art. 33).",
    )


class MinorByOther(Refused):
    """Member: `ref`."""

    code = "minor_cover_by_other"
    title = Text("仅父母可为未成年人投保死亡保险", "Only parents take out death cover for a minor")
    detail = Text(
        "投保人不是被保险人 {ref} 的父母，也未经其监护人同意。",
        "The policyholder is not a parent of {ref}, and the guardian has not consented.",
    )


class DeathConsentMissing(Refused):
    """Member: `refs` of those who have not consented."""

    code = "death_consent_missing"
    title = Text("缺少被保险人对死亡给付的同意", "Consent to death cover is missing")
    detail = Text(
        "以死亡为给付条件的合同须经被保险人同意并认可保险金额(保险法第三十四条)：{refs}。",
        "Death cover needs the insured person's consent and approval of its amount (保险法 art. 34): {refs}.",
    )


class NoInsurableInterest(Refused):
    """Member: `refs`."""

    code = "no_insurable_interest"
    title = Text("没有保险利益", "No insurable interest")
    detail = Text(
        "投保人对被保险人没有保险利益，合同无效(保险法第三十一条)：{refs}。",
        "The policyholder has no insurable interest in: {refs} (保险法 art. 31).",
    )


def birthday_of(id_type: str, id_no: str) -> date | None:
    """The day of birth that a resident identity number states; None where it states none."""
    digits = id_no[6:14]
    if id_type != "resident_id" or len(id_no) != 18 or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def age_on(born_on: date, day: date) -> int:
    """Full years of age on `day`."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def refuse_without_interest(listed: Iterable[Listed]) -> None:
    """Refuse (422) persons whose relation to the policyholder gives no interest; an unstated relation is none."""
    outside = [one.ref for one in listed if one.relation not in INSURABLE]
    if outside:
        raise NoInsurableInterest(refs=", ".join(outside))


def refuse_employer_benefit(listed: Iterable[Listed]) -> None:
    """Refuse (422) a beneficiary of an employee who is neither that person nor a relative."""
    allowed = RELATIVES | {"self"}
    wrong = [
        one.ref
        for one in listed
        if one.relation == "employee" and any(heir.get("relation") not in allowed for heir in one.beneficiaries)
    ]
    if wrong:
        raise EmployerBeneficiary(refs=", ".join(wrong))


def refuse_unconsented(listed: Iterable[Listed], consented: Collection[str], on: date, adult_age: int) -> None:
    """Refuse (422) death cover of persons who have not consented. For his own life nobody consents twice, and a parent
    needs no consent of a child without capacity (art. 34)."""
    missing = [one.ref for one in listed if _needs_consent(one, on, adult_age) and one.ref not in consented]
    if missing:
        raise DeathConsentMissing(refs=", ".join(missing))


def _needs_consent(one: Listed, on: date, adult_age: int) -> bool:
    minor = one.born_on is not None and age_on(one.born_on, on) < adult_age
    return one.relation != "self" and not (minor and one.relation == "child")


def refuse_above_minor_caps(
    listed: Iterable[Listed], elsewhere: Mapping[str, Decimal], caps: Sequence[tuple[int, Decimal]], on: date,
    consented: Collection[str],
) -> None:  # fmt: skip
    """Refuse (422) death cover of a minor above the cap for the age, all policies together; `caps` are (below age,
    yuan), the youngest first, `elsewhere` what is insured already, by reference. Somebody who is not a parent needs the
    guardian's consent."""
    for one in listed:
        if one.born_on is None:
            continue
        age = age_on(one.born_on, on)
        cap = next((amount for below, amount in caps if age < below), None)
        if cap is None:
            continue
        total = one.sum_insured + elsewhere.get(one.ref, ZERO)
        if total > cap:
            raise MinorCapExceeded(ref=one.ref, cap=yuan(cap), total=yuan(total))
        if one.relation != "child" and one.ref not in consented:
            raise MinorByOther(ref=one.ref)


def shares_add_up(listed: Sequence[Listed], root: str = "#/insured_persons") -> list[Fault]:
    """Faults of beneficiaries whose stated shares are not the whole; none stated is equal shares (art. 40)."""
    faults = []
    for n, one in enumerate(listed):
        stated = [Decimal(str(heir["share"])) for heir in one.beneficiaries if heir.get("share") is not None]
        if stated and (len(stated) != len(one.beneficiaries) or sum(stated) != 1):
            text = Text("受益份额合计须为 1。", "The shares of the beneficiaries add up to 1.")
            faults.append(Fault("beneficiary_shares", text, pointer=f"{root}/{n}/beneficiaries"))
    return faults


def refuse_twice(refs: Sequence[str], numbers: Sequence[str], root: str = "#/insured_persons") -> None:
    """Refuse (422) a reference or an identity number that stands on the list twice."""
    text = Text("清单中重复。", "It stands on the list twice.")
    faults = [
        Fault("listed_twice", text, pointer=f"{root}/{n}")
        for n in range(len(refs))
        if refs[n] in refs[:n] or numbers[n] in numbers[:n]
    ]
    if faults:
        raise ValidationFailed(*faults)
