"""Which change leaves which event: the two sides are counted record by record (I1, and I4 for the turns of a claim)."""

from __future__ import annotations

from dataclasses import dataclass

from embedded.check.invariants import Invariant, Look, sql


@dataclass(frozen=True)
class Emission:
    """Changes of one kind in `database` and the events on `subjects` that tell them.

    `key`: SQL over an outbox row `told` that names what it is about. `changes`: a query of (key text, n bigint).
    `at_least`: later changes of the same record tell it again, so n is the fewest there can be.
    """

    database: str
    subjects: tuple[str, ...]
    key: str
    changes: str
    at_least: bool = False

    def look(self) -> Look:
        listed = ", ".join(f"'{one}'" for one in self.subjects)
        told = f"select {self.key} as key, count(*) as n from outbox told where subject in ({listed}) group by 1"  # noqa: S608
        apart = "changed.n is null or coalesce(told.n, 0) < changed.n" if self.at_least else (
            "coalesce(changed.n, 0) <> coalesce(told.n, 0)"
        )  # fmt: skip
        wrong = f"""
            with changed (key, n) as ({self.changes}), told as ({told})
            select format('{" + ".join(self.subjects)} of %s: %s changes, %s events',
                coalesce(changed.key, told.key), coalesce(changed.n, 0), coalesce(told.n, 0))
            from changed full join told on told.key = changed.key where {apart}"""  # noqa: S608
        counted = f"select coalesce(sum(n), 0)::bigint from ({self.changes}) changed (key, n)"  # noqa: S608
        return sql(self.database, counted, wrong)


def _of(name: str) -> str:
    return f"(told.event->'data'->>'{name}')"


def _rows(table: str, key: str, where: str = "true") -> str:
    return f"select ({key})::text, count(*) from {table} where {where} group by 1"  # noqa: S608


def _turns(to: str, before: str = "true") -> str:
    """Turns of claims, from their history: (claim, n)."""
    return _rows("history", "record_id", f"record_type = 'claim' and after->>'status' in ({to}) and {before}")


_FACTS = "complaint_facts"
_SETTLED = "'paid', 'refusal_served', 'zero'"

ORGANISATION = (
    Emission("gateway", ("organisation.unit.changed.v1",), _of("unit_code"), _rows("units", "code"), at_least=True),
    Emission("gateway", ("organisation.person.changed.v1",), _of("person_id"), _rows("people", "id"), at_least=True),
    Emission(
        "gateway", ("organisation.appointment.changed.v1",), _of("appointment_id"), _rows("appointments", "id"),
        at_least=True,
    ),
    Emission(
        "gateway", ("organisation.authority_table.published.v1",), _of("version"),
        _rows("authority_tables", "table_version", "published"),
    ),
    Emission(
        "gateway", ("organisation.rule_set.published.v1",), f"{_of('name')} || ' ' || {_of('version')}",
        # the services bring their own seeds; the gateway only lists those, and tells of its own (templates: once)
        _rows(
            "rule_set_versions", "kind || ' ' || rule_version",
            "published_by is not null or kind in ('calendars', 'sla')"
            " or (kind in ('letter_templates', 'message_templates') and rule_version = '2026-1')",
        ),
    ),
)  # fmt: skip
POLICY = (
    Emission(
        "policy", ("policy.policy.issued.v1", "policy.policy.endorsed.v1"),
        f"{_of('policy_id')} || ' ' || {_of('policy_version')}",
        _rows("policy_versions", "policy_id || ' ' || number"),
    ),
    Emission("policy", ("policy.policy.issued.v1",), _of("policy_id"), _rows("policies", "id")),
    Emission(
        "policy", ("policy.insured.listed.v1",), f"{_of('policy_id')} || ' ' || {_of('policy_version')}",
        "select policy_id || ' ' || number, (count(*) + 499) / 500 from insured_persons group by 1",
    ),
    Emission(
        "policy", ("policy.policy.cancelled.v1",), _of("policy_id"),
        _rows("policy_versions", "policy_id", "status in ('cancelled', 'rescinded') and ended_at is not null"
              " and applied = 'current'"),
    ),
)  # fmt: skip
CLAIMS = (
    Emission("claims", ("claims.claim.reported.v1",), _of("claim_id"), _rows("claims", "id")),
    Emission(
        "claims", ("claims.duty.taken.v1",),
        f"{_of('claim_id')} || ' ' || {_of('duty')} || ' ' || {_of('person_id')}",
        _rows("claim_duties", "claim_id || ' ' || duty || ' ' || person_id"),
    ),
    Emission("claims", ("claims.claim.cancelled.v1",), _of("claim_id"), _rows("claims", "id", "status = 'cancelled'")),
    Emission(
        "claims", ("claims.claim.linked.v1",), f"{_of('claim_id')} || ' ' || {_of('linked_claim_id')}",
        _rows("claims", "duplicate_of || ' ' || id", "duplicate_of is not null"),
    ),
    Emission(
        "claims", ("claims.claim.head_office_informed.v1",), _of("claim_id"),
        _rows("claims", "id", "head_office_informed_at is not null"), at_least=True,
    ),
    Emission("claims", ("claims.payment.ordered.v1",), _of("payment_id"), _rows("payments", "id"), at_least=True),
    Emission(
        "claims", ("claims.deadline.breached.v1",), f"{_of('claim_id')} || ' ' || {_of('deadline')}",
        _rows("claim_deadline_marks", "claim_id || ' ' || deadline", "mark = 'breached'"),
    ),
)  # fmt: skip
RISK = (
    Emission(
        "risk", ("risk.inspection.completed.v1",), _of("inspection_id"),
        _rows("inspections", "id", "signed_at is not null"),
    ),
    Emission(
        "risk", ("risk.assessment.signed.v1",), "told.record_id::text",
        _rows("risk_assessments", "id", "signed_at is not null"),
    ),
    Emission("risk", ("risk.hazard.found.v1",), _of("hazard_id"), _rows("hazards", "id"), at_least=True),
    Emission(
        "risk", ("risk.hazard.overdue.v1",), f"{_of('hazard_id')} || ' ' || {_of('due_on')}",
        _rows("tick_claims", "subject_id || ' ' || due_on", "rule = 'hazard_overdue'"),
    ),
    Emission("risk", ("risk.hazard.closed.v1",), _of("hazard_id"), _rows("hazards", "id", "status = 'closed'")),
    Emission("risk", ("risk.key_risk_file.opened.v1",), "told.record_id::text", _rows("key_risk_files", "id")),
    Emission(
        "risk", ("risk.key_risk_file.closed.v1",), "told.record_id::text",
        _rows("key_risk_files", "id", "status = 'closed'"),
    ),
)  # fmt: skip
COMPLAINTS = (
    Emission("complaints", ("complaints.complaint.registered.v1",), _of("complaint_id"), _rows("complaints", "id")),
    *(
        Emission("complaints", (f"complaints.complaint.{told}.v1",), _of("complaint_id"),
                 _rows(_FACTS, "complaint_id", f"kind in ({facts})"))
        for told, facts in (
            ("decided", "'decide', 'decide_review'"), ("notified", "'notify'"), ("withdrawn", "'withdraw', 'merge'"),
            ("extended", "'extend', 'pause', 'add_facts'"),
        )
    ),
    Emission(
        "complaints", ("complaints.deadline.breached.v1",), _of("complaint_id"),
        # the answer and the review have a period each
        _rows("(select id from complaints where breached_at is not null union all"
              " select id from complaints where review_breached_at is not null) passed", "id"),
    ),
)  # fmt: skip
CRM = (
    Emission("crm", ("crm.customer.registered.v1",), _of("customer_id"), _rows("customers", "id", "known")),
    Emission(
        "crm", ("crm.customer.merged.v1",), _of("merged_id"), _rows("customers", "id", "merged_into is not null")
    ),
    Emission(
        "crm", ("crm.return_visit.completed.v1",), _of("visit_id"),
        _rows("return_visits", "id", "completed_at is not null"),
    ),
    Emission("crm", ("crm.finding.raised.v1",), _of("finding_id"), _rows("findings", "id")),
)  # fmt: skip
TURNS = (
    Emission("claims", ("claims.claim.registered.v1",), _of("claim_id"),
             _turns("'registered'", "action = 'register'")),
    Emission("claims", ("claims.claim.approved.v1", "claims.claim.refused.v1"), _of("claim_id"),
             _turns("'decided'", "before->>'status' <> 'decided'")),
    Emission("claims", ("claims.claim.settled.v1",), _of("claim_id"),
             _turns(_SETTLED, f"before->>'status' not in ({_SETTLED})")),
    Emission("claims", ("claims.claim.reopened.v1",), _of("claim_id"),
             "select id::text, reopened_count::bigint from claims where reopened_count > 0"),
)  # fmt: skip

I1 = Invariant(
    "I1", "every change that is to be told has its events, and no event tells of none",
    tuple(one.look() for one in (*ORGANISATION, *POLICY, *CLAIMS, *RISK, *COMPLAINTS, *CRM)),
)  # fmt: skip
I4 = Invariant(
    "I4", "registrations, decisions, settlements and reopenings of a claim are told as often as they happened",
    tuple(one.look() for one in TURNS),
)  # fmt: skip

INVARIANTS = (I1, I4)
