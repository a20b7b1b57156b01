"""A month of service in news: claims, policies, inspections, hazards, complaints of one unit, and what they count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from shared.clock import at_midnight, rfc3339
from shared.inbox import Arrival
from tests.support.crm_world import C1, SIBLING_SUB, SUB, CrmWorld

NAMES = UUID("0a5f8a4e-6a7b-5c61-8d7e-1f2a3b4c5d6e")


def named(name: str) -> UUID:
    return uuid5(NAMES, name)


def at(day: date, hour: int = 10) -> datetime:
    return at_midnight(day) + timedelta(hours=hour)


class Month:
    """News of a month that begins on `first`, every event with an id of its own, whenever it is told."""

    def __init__(self, world: CrmWorld, first: date) -> None:
        self.world, self.first = world, first
        self._told: dict[str, int] = {}

    def day(self, n: int) -> date:
        return self.first + timedelta(days=n - 1)

    def event(self, subject: str, record: str, data: dict[str, Any], on: date, hour: int = 10,
              path: str | None = None) -> Arrival:  # fmt: skip
        self._told[record] = n = self._told.get(record, 0) + 1
        return self.world.event(
            f"{subject}.v1", named(record), data, version=n, at=at(on, hour), path=path or SUB,
            event_id=named(f"{subject}:{record}:{n}"),
        )  # fmt: skip

    def claim(self, name: str, reported: int, settled: int | None = None, paid: str = "100.00", path: str = SUB,
              **more: Any) -> Iterator[Arrival]:  # fmt: skip
        """Reported on one day, surveyed in time, settled on another; `late_survey`, `reopened` and `breached` days."""
        record, on = f"claim {name}", self.day(reported)
        told = {"claim_id": str(named(record)), "customer_id": str(C1)}
        yield self.event("claims.claim.reported", record, told | {
            "claim_no": f"C2026-32-{name}", "line": "accident", "loss_at": rfc3339(at(on, 8)),
            "reported_at": rfc3339(at(on)), "injured_count": 1, "death_count": 0,
        }, on, path=path)  # fmt: skip
        surveyed = at(on, 40 if more.get("late_survey") else 20)
        yield self.event("claims.duty.taken", record, {
            "claim_id": told["claim_id"], "duty": "surveyor", "person_id": str(named("surveyor")),
            "due_at": rfc3339(at(on, 34)),
        }, surveyed.date(), surveyed.hour, path=path)  # fmt: skip
        if settled is not None:
            yield from self._settled(record, told, self.day(settled), paid, path, more)

    def _settled(
        self, record: str, told: dict[str, str], on: date, paid: str, path: str, more: dict[str, Any]
    ) -> Iterator[Arrival]:
        claim = {"claim_id": told["claim_id"]}
        yield self.event("claims.claim.approved", record, claim | {
            "outcome": "paid", "gross_amount": paid, "sheet_version": 1, "levels": ["central_branch"],
        }, on, 9, path)  # fmt: skip
        yield self.event("claims.claim.settled", record, told | {
            "outcome": "paid", "gross_amount": paid, "paid_amount": paid, "by_limit": [],
            "settled_at": rfc3339(at(on)),
        }, on, path=path)  # fmt: skip
        if "told" in more:
            yield self.event("claims.notice.sent", f"notice of {record}", {
                "notice_id": str(named(f"notice of {record}")), "about": told["claim_id"], "channel": "sms",
                "state": "delivered",
            }, self.day(more["told"]), path=path)  # fmt: skip
        if "shelved" in more:
            yield self.event("claims.duty.taken", record, claim | {
                "duty": "archivist", "person_id": str(named("archivist")),
                "due_at": rfc3339(at_midnight(on + timedelta(days=15))),
            }, self.day(more["shelved"]), path=path)  # fmt: skip
        if "breached" in more:
            due = self.day(more["breached"]).isoformat()
            yield self.event("claims.deadline.breached", record, claim | {
                "deadline": "DL-CL-1", "due_on": due, "due_legal_on": due,
            }, self.day(more["breached"] + 1), path=path)  # fmt: skip
        if "reopened" in more:
            yield self.event("claims.claim.reopened", record, claim | {"reason_code": "new_evidence"},
                             self.day(more["reopened"]), path=path)  # fmt: skip

    def policy(self, name: str, begins: int, ends: int, path: str = SUB) -> Arrival:
        record, on = f"policy {name}", self.day(begins)
        return self.event("policy.policy.issued", record, {
            "policy_id": str(named(record)), "policy_no": f"P-{name}", "policy_version": 1,
            "effective_at": rfc3339(at(on)),
            "status": "in_force", "customer_id": str(C1), "product": "personal_accident", "line": "accident",
            "business": "group", "premium": "100.00", "insured_count": 1, "issued_on": on.isoformat(),
            "period": {"starts_at": rfc3339(at_midnight(on)), "ends_at": rfc3339(at_midnight(self.day(ends)))},
        }, on, path=path)  # fmt: skip

    def delivered(self, policy: str, on: int, days: int) -> Arrival:
        return self.event("policy.document.delivered", f"policy {policy}", {
            "policy_id": str(named(f"policy {policy}")), "item": "policy", "received_on": self.day(on).isoformat(),
            "days_taken": days,
        }, self.day(on))  # fmt: skip

    def decided(self, name: str, on: int, outcome: str) -> Arrival:
        record = f"application {name}"
        return self.event("policy.application.decided", record, {
            "application_id": str(named(record)), "kind": "proposal", "outcome": outcome, "unit_code": "320102",
        }, self.day(on))  # fmt: skip

    def inspection(self, name: str, due: int, done: int | None) -> Iterator[Arrival]:
        record, told = f"inspection {name}", {"customer_id": str(C1)}
        told["inspection_id"] = str(named(record))
        yield self.event("risk.inspection.due", record, told | {"due_on": self.day(due).isoformat(), "stage": "t_15"},
                         self.day(due) - timedelta(days=15))  # fmt: skip
        if done is not None:
            yield self.event("risk.inspection.completed", record, told | {"risk_level": "low", "hazards": {}},
                             self.day(done))  # fmt: skip

    def hazard(self, name: str, due: int, closed: int | None) -> Iterator[Arrival]:
        record = f"hazard {name}"
        told = {"hazard_id": str(named(record)), "class": "major"}
        yield self.event("risk.hazard.found", record, told | {
            "customer_id": str(C1), "due_on": self.day(due).isoformat()}, self.day(due - 10))  # fmt: skip
        if closed is not None:
            yield self.event("risk.hazard.closed", record, told, self.day(closed))

    def complaint(
        self, name: str, on: int, due: int, decided: int | None, *, extended: int | None = None,
        withdrawn: int | None = None, path: str = SUB,
    ) -> Iterator[Arrival]:  # fmt: skip
        record = f"complaint {name}"
        told = {"complaint_id": str(named(record))}
        period = {"due_on": self.day(due).isoformat(), "due_legal_on": self.day(due).isoformat()}
        yield self.event("complaints.complaint.registered", record, told | period | {
            "customer_id": str(C1), "channel": "phone", "cause": "claim_slow"}, self.day(on), path=path)  # fmt: skip
        if extended is not None:
            later = self.day(extended).isoformat()
            yield self.event("complaints.complaint.extended", record, told | {"due_on": later, "due_legal_on": later},
                             self.day(due), path=path)  # fmt: skip
        if withdrawn is not None:
            yield self.event("complaints.complaint.withdrawn", record, told, self.day(withdrawn), path=path)
        if decided is not None:
            yield self.event("complaints.complaint.decided", record, told | {"outcome": "justified"},
                             self.day(decided), path=path)  # fmt: skip

    def everything(self) -> list[Arrival]:
        """The month whose figures are `FIGURES`."""
        return [
            *self.claim("000001", -20, 3, "100.00", told=5, shelved=10),
            *self.claim("000002", 2, 12, "300.00", told=25),
            *self.claim("000003", 4, late_survey=True), *self.claim("000004", 6, 9, "0.00", breached=8),
            *self.claim("000005", 1, 5, "50.00", path=SIBLING_SUB, reopened=20, shelved=27),
            *(self.policy(str(n), -30 if n < 4 else 10, 300) for n in range(5)), self.policy("gone", -60, 20),
            self.delivered("0", 3, 5), self.delivered("1", 4, 6), self.delivered("2", 5, 1),
            self.decided("a", 3, "approved"), self.decided("b", 4, "declined"),
            *self.inspection("a", 10, 10), *self.inspection("b", 11, 12), *self.inspection("c", 12, None),
            *self.hazard("a", 15, 14), *self.hazard("b", 16, None),
            *self.complaint("a", 2, 17, 17), *self.complaint("b", 3, 18, 19),
            *self.complaint("c", 4, 19, None, withdrawn=6),
            *self.complaint("d", 5, 20, 30, extended=35), *self.complaint("e", 6, 21, None, path=SIBLING_SUB),
        ]  # fmt: skip


FIGURES = {
    "first_notice_answered": ("0", "0", "n/a"),
    "survey_on_time": ("3", "4", "0.7500"),
    # four closed in the month and one of them open again; one open before, four new
    "case_closing_rate": ("4", "6", "0.6667"),
    # 23, 10 and (in the sibling, reopened) nothing
    "report_to_pay_days": ("33", "2", "16.50"),
    "notice_on_time": ("1", "4", "0.2500"),
    "claim_deadlines_breached": ("1", "0", "1"),
    "delivery_on_time": ("2", "3", "0.6667"),
    "decline_rate": ("1", "2", "0.5000"),
    "inspection_completion": ("1", "3", "0.3333"),
    "rectification_rate": ("1", "2", "0.5000"),
    "complaint_timeliness": ("2", "4", "0.5000"),
    "complaint_rate": ("5", "5", "10000.00"),
    "archive_on_time": ("1", "2", "0.5000"),
}
"""Numerator, denominator and value of the whole month at the central branch."""
