"""Units that move, merge and close; areas and teams with their time; directives."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, keeps, part_of, scoped, unit_moves_1

revision = "20261124_2001"
down_revision = "20261124_0900"


def upgrade() -> None:
    unit_moves_1()
    _units()
    _appointments()
    _changes()
    _directives()
    keeps("units", "org_path")
    keeps("teams", "unit_code")
    keeps("appointments", "unit_code")
    keeps("unit_places", "path")
    keeps("directives", "issuer_unit_code")
    follows("people", index=False)
    follows("authority_tables")
    follows("rule_set_versions")
    follows("directives", index=False)
    follows("directives", "unit_code")


def _units() -> None:
    op.execute("alter table units add column merged_into text references units (code)")
    # under row scope an index serves comparisons only, neither patterns nor containment
    op.execute("drop index units_areas")
    op.execute('create index units_by_code on units (code collate "C")')
    op.execute('create index units_by_name on units (name collate "C")')
    op.execute("create index units_of_level on units (level, org_path, id)")
    op.execute("create index units_below on units (parent_code, org_path, id)")
    op.execute("""
        create table unit_areas (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          unit_id uuid not null references units (id),
          area_code text not null,
          from_on date not null,
          to_on date,
          check (to_on > from_on)
        )""")
    op.execute("create index unit_areas_of on unit_areas (unit_id, from_on)")
    op.execute("create index unit_areas_at on unit_areas (area_code, from_on)")
    part_of("unit_areas", "units", "unit_id")
    op.execute("""
        create table unit_places (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          unit_id uuid not null references units (id),
          code text not null,
          name text not null,
          level text not null,
          kind text not null,
          parent_code text,
          path text collate "C" not null,
          from_on date not null,
          to_on date,
          check (to_on > from_on),
          unique (unit_id, from_on)
        )""")
    op.execute("create index unit_places_in_scope on unit_places (org_path, path, id)")
    op.execute("create index unit_places_in_order on unit_places (path, id)")
    op.execute("create index unit_places_below on unit_places (parent_code, path)")
    op.execute('create index unit_places_by_code on unit_places (code collate "C")')
    op.execute('create index unit_places_by_name on unit_places (name collate "C")')
    part_of("unit_places", "units", "unit_id")
    # A unit has its first place and its areas from the day it opens, whoever enters it.
    op.execute("""
        create function place_unit() returns trigger language plpgsql as $$
        begin
          insert into unit_places
            (id, org_path, created_at, unit_id, code, name, level, kind, parent_code, path, from_on, to_on)
            values (uuidv7(), new.org_path, new.created_at, new.id, new.code, new.name, new.level, new.kind,
                    new.parent_code, new.org_path, new.opened_on, new.closed_on);
          insert into unit_areas (id, org_path, created_at, unit_id, area_code, from_on, to_on)
            select uuidv7(), new.org_path, new.created_at, new.id, area, new.opened_on, new.closed_on
            from jsonb_array_elements_text(new.area_codes) as area;
          return null;
        end
        $$""")
    op.execute("create trigger place_unit after insert on units for each row execute function place_unit()")
    op.execute("select set_config('anlan.scope', '00', true)")
    op.execute("""
        insert into unit_places
          (id, org_path, created_at, unit_id, code, name, level, kind, parent_code, path, from_on, to_on)
          select uuidv7(), org_path, created_at, id, code, name, level, kind, parent_code, org_path, opened_on, closed_on
          from units""")
    op.execute("""
        insert into unit_areas (id, org_path, created_at, unit_id, area_code, from_on, to_on)
          select uuidv7(), org_path, created_at, id, area, opened_on, closed_on
          from units, jsonb_array_elements_text(area_codes) as area""")


def _appointments() -> None:
    """`turn_on`: the next day on which an appointment begins or ends and that is still to be told."""
    op.execute("alter table appointments add column turn_on date")
    op.execute("create index appointments_turning on appointments (turn_on, id) where turn_on is not null")
    op.execute("""
        create function await_turn() returns trigger language plpgsql as $$
        declare
          day date := (new.created_at at time zone 'Asia/Shanghai')::date;
        begin
          if new.from_on > day then new.turn_on := new.from_on;
          elsif new.to_on > day then new.turn_on := new.to_on;
          end if;
          return new;
        end
        $$""")
    op.execute("create trigger await_turn before insert on appointments for each row execute function await_turn()")
    op.execute("""
        update appointments set turn_on = case when from_on > day.today then from_on else to_on end
          from (select (transaction_timestamp() at time zone 'Asia/Shanghai')::date as today) as day
          where from_on > day.today or to_on > day.today""")


def _changes() -> None:
    op.execute("""
        create table unit_changes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          unit_id uuid not null references units (id),
          unit_code text not null,
          kind text not null check (kind in ('change', 'move', 'merger', 'closure')),
          effective_on date not null,
          target_code text,
          content jsonb not null,
          status text not null check (status in ('planned', 'held', 'done', 'withdrawn')),
          obstacles jsonb not null,
          path_before text collate "C" not null,
          path_after text collate "C",
          person_id uuid not null,
          done_at timestamptz
        )""")
    op.execute("create index unit_changes_of on unit_changes (unit_id, created_at)")
    op.execute("create index unit_changes_towards on unit_changes (target_code) where status in ('planned', 'held')")
    op.execute("create index unit_changes_due on unit_changes (effective_on, id) where status in ('planned', 'held')")
    op.execute(
        "create unique index unit_changes_one on unit_changes (unit_id, (kind = 'change'))"
        " where status in ('planned', 'held')"
    )
    part_of("unit_changes", "units", "unit_id")
    keeps("unit_changes", "path_before", "path_after", "unit_code")


def _directives() -> None:
    op.execute("""
        create table directives (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          issue_id uuid not null,
          unit_code text not null,
          issuer_unit_code text not null,
          issued_by uuid not null,
          text text not null,
          due_on date not null,
          status text not null check (status in ('issued', 'acknowledged', 'done', 'overdue')),
          acknowledged_at timestamptz,
          acknowledged_by uuid,
          done_at timestamptz,
          done_by uuid,
          result text,
          unique (issue_id, unit_code),
          check (done_at is null or acknowledged_at is not null)
        )""")
    op.execute("create index directives_in_scope on directives (org_path, created_at desc, id desc)")
    op.execute("create index directives_by_time on directives (created_at desc, id desc)")
    op.execute("create index directives_due on directives (due_on, id) where status in ('issued', 'acknowledged')")
    scoped("directives")
