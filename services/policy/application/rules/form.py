"""The guided forms: what is still missing, told all together, and whether cover fits the product. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.policy.policy.rules import cover_faults
from services.policy.product.rules import Item, Terms
from shared.clock import legal_day
from shared.errors import Fault, Refused, Text, ValidationFailed

CONDITIONS = ("high_limit", "high_risk", "list_change", "compulsory", "proxy")
"""Circumstances in which a document is needed, as checklists name them."""


@dataclass(frozen=True)
class Missing:
    """One thing that is missing: a `field` of the form, a `document`, an `answer`, a `disclosure` or an
    `acknowledgement`."""

    kind: str
    code: str
    text: Text

    def stored(self) -> dict[str, Any]:
        return {"kind": self.kind, "code": self.code, "zh": self.text.zh, "en": self.text.en}


class ApplicationIncomplete(Refused):
    """Member: `missing`, everything that is missing, all together."""

    code = "application_incomplete"
    title = Text("申请不完整", "The application is incomplete")
    detail = Text("尚缺 {count} 项。", "{count} item(s) are missing.")


class BlankSignedForm(Refused):
    code = "blank_signed_form"
    title = Text("不得签署空白单证", "A blank form may not be signed")
    detail = Text("申请书内容为空，不得先行签章。", "The form says nothing yet: it cannot carry a signature.")


_NEEDED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "proposal": (
        ("requested_cover", "保险责任与限额", "Cover and limits"), ("starts_at", "保险起期", "Beginning of cover"),
        ("ends_at", "保险止期", "End of cover"), ("policyholder.name", "投保人名称", "Name of the policyholder"),
        ("policyholder.id_no", "投保人证件号码", "Identity number of the policyholder"),
    ),
    "endorsement": (
        ("change.kind", "批改类型", "Kind of change"), ("change.effective_on", "批改生效日", "Day of the change"),
        ("change.reason", "批改原因", "Reason of the change"),
    ),
    "cancellation": (
        ("change.notice_received_at", "退保通知收到时间", "When the notice was received"),
        ("change.reason", "退保原因", "Reason"),
    ),
}  # fmt: skip


def _held(form: Mapping[str, Any], path: str) -> Any:
    value: Any = form
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def missing_fields(kind: str, line: str, form: Mapping[str, Any]) -> list[Missing]:
    """Fields of the form that say nothing yet."""
    needed = list(_NEEDED[kind])
    if kind == "proposal" and line == "liability":
        needed.append(("risk.site", "保险标的地址", "Address of what is insured"))
    if kind == "proposal" and line == "accident":
        needed.append(("insured_persons", "被保险人清单", "List of insured persons"))
    return [Missing("field", path, Text(zh, en)) for path, zh, en in needed if not _held(form, path)]


def refuse_blank(kind: str, line: str, form: Mapping[str, Any]) -> None:
    """Refuse (422) a signature under a form of which nothing is filled in."""
    if len(missing_fields(kind, line, form)) >= len(_NEEDED[kind]):
        raise BlankSignedForm()


def missing_documents(checklist: Sequence[Item], held: Collection[str], holds: Collection[str]) -> list[Missing]:
    """Documents of the checklist not brought yet; `holds` are the circumstances that apply."""
    return [
        Missing("document", one.code, Text(one.text["zh"], one.text["en"]))
        for one in checklist
        if one.code not in held and (not one.condition or one.condition in holds)
    ]


def refuse_incomplete(missing: Sequence[Missing]) -> None:
    """Refuse (422) with everything that is missing in one list."""
    if missing:
        raise ApplicationIncomplete(count=len(missing), missing=[one.stored() for one in missing])


def offered_cover(terms: Terms, cover: Mapping[str, Any]) -> dict[str, Any]:
    """The cover as asked for, with the template's default for each term that was left open."""
    defaults = {name: rule["default"] for name, rule in terms.cover_template.items() if "default" in rule}
    return {**defaults, **{name: value for name, value in cover.items() if value is not None}}


def offer_faults(terms: Terms, cover: Mapping[str, Any], root: str = "#/requested_cover") -> list[Fault]:
    """What the product does not offer, or not within these bounds; formats first."""
    faults = cover_faults(terms.line, cover, root)
    if faults:
        return faults
    for name, value in cover.items():
        rule = terms.cover_template.get(name)
        if rule is None:
            text = Text("该产品不提供这一条款项。", "This product does not offer this term.")
            faults.append(Fault("term_not_offered", text, pointer=f"{root}/{name}"))
        elif not _within(rule, value):
            text = Text("超出产品允许的范围。", "It is outside the bounds of the product.")
            faults.append(Fault("term_out_of_bounds", text, pointer=f"{root}/{name}"))
    return faults


def _within(rule: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, str) or not ("lowest" in rule or "highest" in rule):
        return True
    amount = Decimal(value)
    return amount >= Decimal(rule.get("lowest", "0")) and amount <= Decimal(rule.get("highest", "9999999999999999"))


def missing_terms(terms: Terms, cover: Mapping[str, Any]) -> list[Missing]:
    """Terms that the product requires and the application does not state."""
    return [
        Missing("field", f"requested_cover.{name}", Text("必填的保险条款项", "A term that is required"))
        for name, rule in terms.cover_template.items()
        if rule.get("required") and cover.get(name) is None
    ]


def check_term(terms: Terms, starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Refuse (422) a term that ends before it begins, or is longer than the product's."""
    if starts_at is None or ends_at is None:
        return
    if ends_at <= starts_at:
        text = Text("保险期间止期须晚于起期。", "Cover ends after it begins.")
        raise ValidationFailed(Fault("period_reversed", text, pointer="#/ends_at"))
    first, last = legal_day(starts_at), legal_day(ends_at)
    months = (last.year - first.year) * 12 + last.month - first.month
    if (months, last.day - first.day) > (terms.term_months, 0):
        text = Text("超过产品允许的保险期间。", "The term is longer than the product's.")
        raise ValidationFailed(Fault("term_too_long", text, pointer="#/ends_at"))
