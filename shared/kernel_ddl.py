"""The DDL of the technical tables, as it landed. Statements are separated by a line `;;`; never edited afterwards."""

KERNEL_1 = """
create table outbox (
  id bigint generated always as identity primary key,
  event_id uuid not null unique,
  subject text not null,
  record_id uuid not null,
  record_version integer not null,
  org_path text collate "C" not null,
  event jsonb not null,
  created_at timestamptz not null,
  sent_at timestamptz,
  unique (record_id, record_version)
)
;;
create index outbox_unsent on outbox (id) where sent_at is null
;;
create table event_counters (record_id uuid primary key, last integer not null)
;;
create table inbox (
  consumer text not null,
  event_id uuid not null,
  received_at timestamptz not null,
  primary key (consumer, event_id)
)
;;
create table handler_failures (
  consumer text not null,
  event_id uuid not null,
  tries integer not null,
  last_error text not null,
  last_at timestamptz not null,
  primary key (consumer, event_id)
)
;;
create table dead_letters (
  id bigint generated always as identity primary key,
  consumer text not null,
  event_id uuid not null,
  subject text not null,
  event jsonb not null,
  reason text not null,
  tries integer not null,
  created_at timestamptz not null,
  redriven_at timestamptz,
  unique (consumer, event_id)
)
;;
create table tick_claims (
  rule text not null,
  subject_id uuid not null,
  due_on date not null,
  stage text not null,
  claimed_at timestamptz not null,
  primary key (rule, subject_id, due_on, stage)
)
;;
create table stored_answers (
  caller uuid not null,
  route text not null,
  key text not null,
  body_hash bytea not null,
  status integer not null,
  headers jsonb not null,
  body bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (caller, route, key)
)
;;
create index stored_answers_expiry on stored_answers (expires_at)
;;
create table audit_heads (chain text primary key, n bigint not null, h bytea not null)
;;
create table audit_entries (
  chain text not null,
  n bigint not null,
  at timestamptz not null,
  org_path text collate "C" not null,
  person_id uuid not null,
  action text not null,
  object_type text not null,
  object_id uuid,
  outcome text not null,
  request_id uuid not null,
  entry text not null,
  prev bytea not null,
  h bytea not null,
  primary key (chain, n)
)
;;
create index audit_entries_scope on audit_entries (org_path, at desc)
;;
create index audit_entries_object on audit_entries (object_id, at)
;;
create index audit_entries_request on audit_entries (request_id)
;;
create table history (
  id bigint generated always as identity primary key,
  record_type text not null,
  record_id uuid not null,
  org_path text collate "C" not null,
  at timestamptz not null,
  person_id uuid not null,
  staff_no text not null,
  on_behalf_of uuid,
  position text not null,
  unit_code text not null,
  action text not null,
  before jsonb,
  after jsonb,
  reason text,
  request_id uuid not null
)
;;
create index history_record on history (record_id, id)
;;
create table task_grants (
  id uuid primary key,
  person_id uuid not null,
  record_id uuid not null,
  record_path text collate "C" not null,
  opened_at timestamptz not null,
  closed_at timestamptz
)
;;
create index task_grants_open on task_grants (person_id, record_id) where closed_at is null
;;
create table work_items (
  id uuid primary key,
  kind text not null,
  title_zh text not null,
  title_en text not null,
  record_type text not null,
  record_id uuid not null,
  record_number text,
  org_path text collate "C" not null,
  unit_code text not null,
  position text,
  person_id uuid,
  due_at timestamptz,
  basis text,
  priority text not null,
  action_href text not null,
  action_method text not null,
  opened_at timestamptz not null,
  closed_at timestamptz
)
;;
create index work_items_open on work_items (org_path, due_at) where closed_at is null
;;
create unique index work_items_once on work_items (record_id, kind, coalesce(person_id, record_id))
  where closed_at is null
;;
create table attachments (
  id uuid primary key,
  version integer not null,
  org_path text collate "C" not null,
  record_type text not null,
  record_id uuid,
  kind text not null,
  file_name text not null,
  media_type text not null,
  size bigint not null,
  sha256 bytea not null,
  scan_state text not null,
  uploaded_by uuid not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
)
;;
create index attachments_record on attachments (record_id)
;;
create index attachments_unscanned on attachments (id) where scan_state = 'pending'
;;
create index attachments_unused on attachments (created_at) where record_id is null
;;
create table jobs (
  id uuid primary key,
  org_path text collate "C" not null,
  kind text not null,
  state text not null,
  person_id uuid not null,
  actor jsonb not null,
  payload jsonb not null,
  done integer not null,
  total integer not null,
  failed integer not null,
  problem jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  expires_at timestamptz
)
;;
create index jobs_waiting on jobs (created_at) where state in ('queued', 'running')
;;
create index jobs_expiry on jobs (expires_at) where expires_at is not null
;;
create table job_lines (job_id uuid not null, n integer not null, line text, result jsonb, primary key (job_id, n))
;;
create table number_series (
  kind text not null,
  year integer not null,
  unit_code text not null,
  last integer not null,
  primary key (kind, year, unit_code)
)
;;
create function follow_parent() returns trigger language plpgsql as $$
declare
  parent uuid;
  path text;
begin
  execute format('select ($1).%I', tg_argv[1]) using new into parent;
  execute format('select org_path from %I where id = $1', tg_argv[0]) using parent into path;
  new.org_path := path;
  return new;
end
$$
;;
create function carry_part() returns trigger language plpgsql as $$
begin
  execute format('update %I set org_path = $1 where %I = $2', tg_argv[0], tg_argv[1]) using new.org_path, new.id;
  return null;
end
$$
;;
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are append-only', tg_table_name using errcode = '2F004';
end
$$
"""

DIRECTORY_1 = """
create table directory_units (
  code text primary key,
  path text collate "C" not null,
  level text not null,
  kind text not null,
  name text not null,
  parent_code text,
  area_codes jsonb not null,
  teams jsonb not null,
  effective_on date not null,
  closed_on date,
  record_version integer not null
)
;;
create index directory_units_path on directory_units (path)
;;
create table directory_persons (
  person_id uuid primary key,
  staff_no text not null,
  active boolean not null,
  digests jsonb not null,
  record_version integer not null
)
;;
create index directory_persons_staff on directory_persons (staff_no)
;;
create table directory_appointments (
  appointment_id uuid primary key,
  person_id uuid not null,
  staff_no text not null,
  position text not null,
  unit_code text not null,
  path text collate "C" not null,
  from_on date not null,
  to_on date,
  record_version integer not null
)
;;
create index directory_appointments_unit on directory_appointments (unit_code, position)
;;
create index directory_appointments_person on directory_appointments (person_id)
;;
create table directory_authority_tables (
  version text primary key,
  effective_from date not null,
  entries jsonb not null
)
;;
create table rule_sets (
  name text not null,
  version text not null,
  effective_from date not null,
  source text not null,
  tag text not null,
  content jsonb not null,
  content_hash text not null,
  primary key (name, version)
)
;;
create index rule_sets_effective on rule_sets (name, effective_from desc)
"""

KERNEL_2 = """
create table letters (
  id uuid primary key,
  org_path text collate "C" not null,
  record_type text not null,
  record_id uuid not null,
  kind text not null,
  template_version text not null,
  data jsonb not null,
  attachment_id uuid not null,
  sha256 bytea not null,
  issued_by uuid not null,
  created_at timestamptz not null,
  served_at timestamptz,
  served_method text,
  served_proof uuid,
  served_by uuid
)
;;
create index letters_record on letters (record_id, id)
;;
create trigger kept_as_issued before update on letters for each row when (
  (to_jsonb(old) - array['org_path', 'served_at', 'served_method', 'served_proof', 'served_by'])
    is distinct from (to_jsonb(new) - array['org_path', 'served_at', 'served_method', 'served_proof', 'served_by'])
  or old.served_at is not null
) execute function refuse_change()
;;
create trigger never_removed before delete on letters for each row execute function refuse_change()
;;
create table notices (
  id uuid primary key,
  org_path text collate "C" not null,
  record_type text not null,
  record_id uuid not null,
  kind text not null,
  channel text not null,
  address text,
  template_version text,
  subject text not null,
  body text not null,
  state text not null check (state in ('queued', 'sent', 'delivered', 'failed', 'suppressed')),
  reason text,
  tries integer not null,
  next_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
)
;;
create index notices_record on notices (record_id, id)
;;
create index notices_waiting on notices (next_at, id) where state = 'queued'
"""

EXPORTS_1 = """
create table exports (
  id uuid primary key,
  org_path text collate "C" not null,
  created_at timestamptz not null,
  collection text not null,
  filters jsonb not null,
  columns jsonb not null,
  format text not null check (format in ('csv', 'xlsx')),
  purpose text not null,
  row_count integer not null,
  state text not null check (state in ('waiting', 'queued', 'made', 'rejected')),
  person_id uuid not null,
  principal_id uuid,
  actor jsonb not null,
  expires_at timestamptz not null,
  decided_by uuid,
  decided_at timestamptz,
  decision_reason text,
  job_id uuid,
  made_at timestamptz,
  sha256 bytea,
  content bytea
)
;;
create index exports_in_scope on exports (org_path, created_at)
;;
create index exports_over on exports (expires_at)
"""
