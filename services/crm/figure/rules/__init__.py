"""What the service is measured by, and how a share, a mean and a rate are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.errors import Fault, InvalidParameter, NotFound, Text

NOT_APPLICABLE = "n/a"


class Form(StrEnum):
    """How a figure is made of its parts and wholes."""

    SHARE = "share"
    """Parts of the period by wholes of the period."""
    MEAN = "mean"
    """The mean of the parts over the wholes."""
    CLEARED = "cleared"
    """Parts of the period by what was open at its beginning and came new in it."""
    PER_10_000 = "per_10_000"
    """Parts of the period for every 10,000 policies in force at its end."""
    COUNT = "count"


class Metric(StrEnum):
    """The table of figures. `POLICIES_IN_FORCE` is the denominator of the rate of complaints and no figure itself."""

    FIRST_NOTICE_ANSWERED = "first_notice_answered"
    SURVEY_ON_TIME = "survey_on_time"
    CASE_CLOSING_RATE = "case_closing_rate"
    REPORT_TO_PAY_DAYS = "report_to_pay_days"
    NOTICE_ON_TIME = "notice_on_time"
    CLAIM_DEADLINES_BREACHED = "claim_deadlines_breached"
    DELIVERY_ON_TIME = "delivery_on_time"
    DECLINE_RATE = "decline_rate"
    INSPECTION_COMPLETION = "inspection_completion"
    RECTIFICATION_RATE = "rectification_rate"
    RETURN_VISIT_SUCCESS = "return_visit_success"
    COMPLAINT_TIMELINESS = "complaint_timeliness"
    COMPLAINT_RATE = "complaint_rate"
    ARCHIVE_ON_TIME = "archive_on_time"
    ENQUIRY_ON_TIME = "enquiry_on_time"
    CUSTOMER_SATISFACTION = "customer_satisfaction"
    KEY_ACCOUNT_VISITS = "key_account_visits"
    POLICIES_IN_FORCE = "policies_in_force"


@dataclass(frozen=True)
class Kind:
    """`hidden_below_sample`: told to nobody while few answers stand behind it, because few can be recognised."""

    form: Form
    lower_is_better: bool = False
    hidden_below_sample: bool = False


KINDS: Mapping[Metric, Kind] = {
    Metric.FIRST_NOTICE_ANSWERED: Kind(Form.SHARE),
    Metric.SURVEY_ON_TIME: Kind(Form.SHARE),
    Metric.CASE_CLOSING_RATE: Kind(Form.CLEARED),
    Metric.REPORT_TO_PAY_DAYS: Kind(Form.MEAN, lower_is_better=True),
    Metric.NOTICE_ON_TIME: Kind(Form.SHARE),
    Metric.CLAIM_DEADLINES_BREACHED: Kind(Form.COUNT, lower_is_better=True),
    Metric.DELIVERY_ON_TIME: Kind(Form.SHARE),
    Metric.DECLINE_RATE: Kind(Form.SHARE, lower_is_better=True),
    Metric.INSPECTION_COMPLETION: Kind(Form.SHARE),
    Metric.RECTIFICATION_RATE: Kind(Form.SHARE),
    Metric.RETURN_VISIT_SUCCESS: Kind(Form.SHARE),
    Metric.COMPLAINT_TIMELINESS: Kind(Form.SHARE),
    Metric.COMPLAINT_RATE: Kind(Form.PER_10_000, lower_is_better=True),
    Metric.ARCHIVE_ON_TIME: Kind(Form.SHARE),
    Metric.ENQUIRY_ON_TIME: Kind(Form.SHARE),
    Metric.CUSTOMER_SATISFACTION: Kind(Form.MEAN, hidden_below_sample=True),
    Metric.KEY_ACCOUNT_VISITS: Kind(Form.SHARE),
}
"""In the order in which they are shown."""


@dataclass(frozen=True)
class Period:
    """First and last day, both inclusive, and the name it was asked for by."""

    name: str
    first: date
    last: date

    def until(self, today: date) -> date:
        """The last day that can be judged: what falls due later is neither kept nor missed yet."""
        return min(self.last, today)


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(f"{first:%Y-%m}", first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def month_before(month: Period) -> Period:
    return month_of(month.first - timedelta(days=1))


def months_up_to(month: Period, number: int) -> list[Period]:
    """So many months up to this one, the earliest first."""
    found = [month]
    while len(found) < number:
        found.insert(0, month_before(found[0]))
    return found


def read_period(name: str, parameter: str = "period") -> Period:
    """A month (`2026-11`), a quarter (`2026-Q4`) or a year (`2026`); anything else is refused (422)."""
    try:
        if "-Q" in name:
            year, quarter = name.split("-Q")
            first = date(int(year), {"1": 1, "2": 4, "3": 7, "4": 10}[quarter], 1)
            return Period(name, first, month_of(first + timedelta(days=70)).last)
        if len(name) == 4:
            return Period(name, date(int(name), 1, 1), date(int(name), 12, 31))
        if len(name) == 7:
            return month_of(date.fromisoformat(f"{name}-01"))
    except (ValueError, KeyError):
        pass
    words = Text("周期应为月（2026-11）、季（2026-Q4）或年（2026）。", "A period is a month, a quarter or a year.")
    raise InvalidParameter(Fault("period_unknown", words, parameter=parameter))


def check_begun(period: Period, today: date, parameter: str = "period") -> None:
    """Refuse (422) a period that has not begun."""
    if period.first > today:
        words = Text("该周期尚未开始。", "The period has not begun.")
        raise InvalidParameter(Fault("period_in_future", words, parameter=parameter))


def read_metric(name: str) -> Metric:
    """The metric of this name. Raises `NotFound`: there is no such resource."""
    if name not in set(Metric) or Metric(name) not in KINDS:
        raise NotFound()
    return Metric(name)


@dataclass(frozen=True)
class Count:
    """Numerator and denominator of one figure, and how many records stand behind it."""

    part: Decimal = Decimal(0)
    whole: Decimal = Decimal(0)
    records: int = 0


def value_of(kind: Kind, count: Count) -> Decimal | None:
    """A share to 0.0001, a mean or rate to 0.01, a count as it is; None (“n/a”) where there is no denominator."""
    if kind.form is Form.COUNT:
        return count.part.quantize(Decimal(1))
    if count.whole <= 0:
        return None
    if kind.form is Form.PER_10_000:
        return _rounded(count.part * 10_000 / count.whole, "0.01")
    return _rounded(count.part / count.whole, "0.01" if kind.form is Form.MEAN else "0.0001")


def _rounded(value: Decimal, step: str) -> Decimal:
    return value.quantize(Decimal(step), rounding=ROUND_HALF_UP)


def enough(kind: Kind, count: Count, minimum: int) -> bool:
    """Whether so much stands behind a figure that it may be judged: the denominator, or the records of a count."""
    return kind.form is Form.COUNT or count.whole >= minimum


def met(kind: Kind, value: Decimal | None, target: Decimal | None, *, judged: bool) -> bool | None:
    """Whether the target is met; None where there is no target, no value, or too little to judge by."""
    if value is None or target is None or not judged:
        return None
    return value <= target if kind.lower_is_better else value >= target
