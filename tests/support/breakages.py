"""Hand-made breakages of a sound world, at least one for each invariant: what the checker must tell, and nothing else.

They work on the stores in transactions that are rolled back, without triggers and foreign keys. Here are those that a
statement makes in one database; the others are in `breakages_beside.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from embedded.check.stores import Stores

IDENTITY_NUMBER = "11010519491231002X"
_ANY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Breakage:
    """`invariant` is what it breaks, `also` what cannot stay whole beside it; `act` does it, with a folder for files of
    its own."""

    invariant: str
    name: str
    act: Callable[[Stores, Path], Awaitable[None]]
    also: frozenset[str] = frozenset()


BREAKAGES: list[Breakage] = []

Act = Callable[[Stores, Path], Awaitable[None]]


def breaks(invariant: str) -> Callable[[Act], Act]:
    """Declare the function as a breakage of this invariant; its name says what happens."""

    def declare(act: Act) -> Act:
        BREAKAGES.append(Breakage(invariant, act.__name__, act))
        return act

    return declare


def by_sql(invariant: str, name: str, database: str, *statements: str, also: str = "") -> None:
    """A breakage that some statements in one database make; each must meet a row."""

    async def act(stores: Stores, _folder: Path) -> None:
        for statement in statements:
            done = await stores.databases[database].execute(statement)
            assert not done.endswith(" 0"), f"{name}: {statement} met nothing"

    BREAKAGES.append(Breakage(invariant, name, act, frozenset(also.split())))


SETTLED = "(select id from claims where status = 'archived')"
_STEP = """insert into approval_steps select gen_random_uuid(), org_path, created_at, claim_id, side_id, sheet_version,
    round, step + 1, {level}, unit_code, 'opinion', position, {person}, staff_no, on_behalf_of, delegation_id,
    appointment_id, outcome, amount, reason_code, reason, clause_ids, table_version, digest from approval_steps"""

by_sql(
    "I1", "a_duty_is_taken_and_not_told", "claims",
    "insert into claim_duties select gen_random_uuid(), org_path, created_at, id, 'archivist', gen_random_uuid()"
    f" from claims where id in {SETTLED}",
)  # fmt: skip
by_sql("I1", "a_duty_is_told_and_was_not_taken", "claims", "delete from claim_duties where duty = 'archivist'")
by_sql("I1", "a_key_risk_file_is_closed_and_not_told", "risk", "update key_risk_files set status = 'closed'")
by_sql(
    "I4", "a_claim_is_reopened_and_not_told", "claims", f"update claims set reopened_count = 1 where id in {SETTLED}"
)
by_sql(
    "I5", "an_event_was_not_taken", "risk", "delete from inbox where event_id = (select event_id from inbox limit 1)"
)
by_sql(
    "I5", "an_event_was_taken_and_given_up", "policy",
    "insert into dead_letters (consumer, event_id, subject, event, reason, tries, created_at)"
    " select consumer, event_id, 'x', '{}', 'x', 5, received_at from inbox limit 1",
)  # fmt: skip
by_sql("I6", "an_entry_is_lost", "crm", "delete from timeline_entries where kind = 'claims.claim.settled'")
by_sql(
    "I6", "an_entry_has_another_amount", "crm",
    """update timeline_entries set amounts = '{"paid_amount": "1.00"}' where kind = 'claims.claim.settled'""",
)  # fmt: skip
by_sql(
    "I6", "an_entry_stands_at_another_time", "crm",
    "update timeline_entries set occurred_at = occurred_at - interval '40 days' where kind = 'claims.claim.settled'",
)  # fmt: skip
by_sql(
    "I6", "an_entry_stands_under_another_customer", "crm",
    "update timeline_entries entry set customer_id = (select id from customers where merged_into is null"
    " and id <> entry.customer_id limit 1) where kind = 'policy.policy.issued'",
)  # fmt: skip
by_sql(
    "I7", "a_number_of_a_record_is_left_out", "claims",
    "update outbox set record_version = 99 where subject = 'claims.claim.settled.v1'",
)  # fmt: skip
by_sql("I9", "more_is_paid_than_payable", "claims", "update payments set amount = amount + 0.01")
by_sql("I9", "more_is_decided_than_the_table_allows", "claims", "update approval_steps set amount = 5000.01")
by_sql("I9", "more_is_granted_than_was_decided", "claims", "update calculation_sheets set gross_amount = 4000.00")
by_sql("I10", "one_person_takes_two_steps", "claims", _STEP.format(level="level", person="person_id"))
by_sql(
    "I10", "an_approval_goes_back_down", "claims", "update approval_steps set level = 'branch'",
    _STEP.format(level="'sub_branch'", person="gen_random_uuid()"),
)  # fmt: skip
by_sql(
    "I10", "the_adjuster_approves", "claims",
    "update approval_steps set person_id = (select person_id from claim_duties held"
    " where held.claim_id = approval_steps.claim_id and duty = 'adjuster')",
)  # fmt: skip
by_sql("I11", "another_sub_branch_approves", "claims", "update approval_steps set unit_code = '320102'")
by_sql("I12", "another_sheet_is_paid_than_was_approved", "claims", "update payments set approved_digest = 'another'")
by_sql("I13", "a_payment_has_no_decision", "claims", "delete from approval_steps")
by_sql("I17", "a_number_is_left_out", "claims", "update number_series set last = last + 1 where kind = 'C'")
by_sql("I17", "a_number_is_of_no_series", "complaints", "update complaints set complaint_no = 'T1999-32-000001'")
by_sql(
    "I19", "a_key_is_used_with_two_bodies", "claims", "alter table stored_answers drop constraint stored_answers_pkey",
    "insert into stored_answers select caller, route, key, '\\x00', status, headers, body, created_at, expires_at"
    " from stored_answers limit 1",
)  # fmt: skip
by_sql(
    "I20", "a_job_does_not_end", "policy",
    "insert into jobs (id, org_path, kind, state, person_id, actor, payload, done, total, failed, created_at,"
    " updated_at) values (gen_random_uuid(), '00', 'import', 'running', gen_random_uuid(), '{}', '{}', 0, 1, 0,"
    " now() - interval '2 hours', now() - interval '1 hour')",
)  # fmt: skip
by_sql("I21", "there_is_no_such_state", "risk", "update inspections set status = 'lost'")
by_sql(
    "I21", "a_step_does_not_lead_there", "claims",
    """update history set after = '{"status": "closed"}' where action = 'agree'""",
)  # fmt: skip
by_sql("I21", "a_state_has_no_step", "complaints", "update complaints set status = 'registered'")
by_sql("I23", "a_policy_is_not_its_newest_version", "policy", "update policies set premium = premium + 1")
by_sql("I23", "a_customer_went_back", "crm", "update customers set core_version = 0 where core_no is not null")
by_sql(
    "I24", "a_due_day_was_claimed_and_not_told", "risk",
    "insert into tick_claims select rule, subject_id, due_on, 'overdue', claimed_at from tick_claims limit 1",
)  # fmt: skip
by_sql("I25", "a_period_ends_a_day_late", "complaints", "update complaints set due_at = due_at + interval '1 day'")
by_sql(
    "I25", "a_period_is_longer_than_the_law_allows", "complaints",
    "update complaints set due_on = due_on + 7, due_legal_on = due_legal_on + 7, due_at = due_at + interval '7 days',"
    " deadline = deadline"
    " || jsonb_build_object('due_on', (due_on + 7)::text, 'due_legal_on', (due_legal_on + 7)::text)",
)  # fmt: skip
by_sql(
    "I25", "the_officer_is_the_one_complained_about", "complaints",
    "update complaints set named_persons = jsonb_build_array(officer_person_id::text)",
)  # fmt: skip
by_sql(
    "I25", "the_officer_had_worked_on_the_claim", "complaints",
    "insert into claim_duties select claim_id, officer_person_id, 'adjuster' from complaints",
)  # fmt: skip
by_sql(
    "I26", "a_claim_changed_before_it_was_made", "claims", "update claims set updated_at = created_at - interval '1 s'"
)  # fmt: skip
by_sql("I26", "a_time_has_no_zone", "crm", "alter table findings add column seen_at timestamp")
by_sql("I27", "the_copy_of_cover_differs", "claims", "update cover_versions set cover = '{}'")
by_sql(
    "I27",
    "a_claim_names_a_version_never_issued",
    "claims",
    f"update claims set policy_version = 9 where id in {SETTLED}",
)
by_sql("I28", "a_complaint_names_no_policy_that_there_is", "complaints", f"update complaints set policy_id = '{_ANY}'")
by_sql("I28", "a_visit_names_no_customer_that_there_is", "risk", f"update inspections set customer_id = '{_ANY}'")
by_sql(
    "I30", "a_unit_is_called_otherwise", "risk", "update directory_units set name = 'another' where code = '320205'"
)  # fmt: skip
by_sql("I30", "an_appointment_is_unknown", "policy", "delete from directory_appointments where position = 'cashier'")
by_sql("I30", "a_person_is_active_in_one_place_alone", "crm", "update directory_persons set active = not active")
by_sql("I30", "limits_differ", "complaints", "update directory_authority_tables set entries = '[]'")
by_sql("I30", "a_calendar_differs", "crm", "update rule_sets set content_hash = 'another' where name = 'calendars'")
by_sql("I30", "a_customer_lies_nowhere", "crm", "update customers set org_path = '00.99'")
by_sql(
    "I31", "an_entry_is_changed", "claims",
    "update audit_entries set entry = replace(entry, '\"action\":\"attach\"', '\"action\":\"attack\"')"
    " where action = 'attach'",
)  # fmt: skip
by_sql(
    "I31", "a_column_of_an_entry_is_changed", "claims",
    "update audit_entries set at = at + interval '2 s' where action = 'attach'",
)  # fmt: skip
by_sql(
    "I31", "an_entry_is_taken_out", "gateway",
    "delete from audit_entries where n = 2 and chain = 'gateway:00' and not exists (select from history"
    " where history.request_id = audit_entries.request_id)",
)  # fmt: skip
by_sql(
    "I31", "the_end_of_a_chain_is_cut_off", "gateway",
    "delete from audit_entries where chain = 'gateway:00' and n = (select max(n) from audit_entries"
    " where chain = 'gateway:00')",
)  # fmt: skip
by_sql("I31", "a_whole_chain_is_gone", "gateway", "delete from audit_entries where chain = 'gateway:00'")
by_sql(
    "I32", "a_change_has_no_entry_of_its_own", "claims",
    "insert into history (record_type, record_id, org_path, at, person_id, staff_no, on_behalf_of, position, unit_code,"
    " action, before, after, reason, request_id) select record_type, record_id, org_path, at, person_id, staff_no,"
    " on_behalf_of, position, unit_code, action, before, after, reason, request_id from history"
    " where action = 'attach'",
)  # fmt: skip
by_sql(
    "I34", "a_file_is_named_after_an_identity_number", "claims",
    f"update attachments set file_name = '{IDENTITY_NUMBER}.pdf'",
)  # fmt: skip
by_sql(
    "I40", "an_event_is_forgotten", "claims", "update event_counters set last = last + 1"
)  # fmt: skip
by_sql(
    "I40", "an_inbox_remembers_longer_than_the_outbox", "policy",
    f"insert into inbox select 'policy', '{_ANY}', received_at from inbox limit 1",
)  # fmt: skip

by_sql(
    "I14", "somebody_decides_for_another_who_delegated_nothing", "claims",
    "update approval_steps set on_behalf_of = gen_random_uuid(), delegation_id = gen_random_uuid()",
)  # fmt: skip
by_sql(
    "I15", "an_approver_pays_as_well", "gateway",
    "insert into appointments select gen_random_uuid(), org_path, created_at, person_id, unit_id, unit_code,"
    " 'cashier', from_on, to_on, turn_on from appointments where position = 'claims_approver' limit 1",
    also="I1 I30",  # nobody was told, and no copy has it
)  # fmt: skip
by_sql("I22", "a_policy_says_other_than_its_version", "policy", "update policies set exclusions = '[{}]'")
