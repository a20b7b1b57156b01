"""What lies near a point or at an address, and where most lies; each within the caller's scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.risk.accumulation import rules
from services.risk.accumulation.rules import Basis, Point
from services.risk.exposure.tables import Site
from shared.database import Transaction

SCANNED = 400
"""Greatest accumulations read before those seen from a neighbour are left out."""

# The box is answered by the index on latitude and longitude; the distance then decides.
_NEAR = """
  n.degrees_north between c.north - cast(:reach as float8) and c.north + cast(:reach as float8)
  and n.degrees_east between c.east - cast(:reach as float8) / greatest(cos(radians(c.north)), 0.01)
                         and c.east + cast(:reach as float8) / greatest(cos(radians(c.north)), 0.01)
  and {distance} <= cast(:km as float8)"""
_DISTANCE = f"""2 * {rules.EARTH_KM} * asin(sqrt(least(1.0,
  power(sin(radians(n.degrees_north - c.north) / 2), 2) + cos(radians(c.north)) * cos(radians(n.degrees_north))
  * power(sin(radians(n.degrees_east - c.east) / 2), 2))))"""
_CENTRE = {
    "point": "(select null::uuid as id, cast(:lon as float8) as east, cast(:lat as float8) as north)",
    "one_address": "(select min(id::text)::uuid as id, address_key from sites where status = 'active'"
    " and address_key = :address group by address_key)",
    Basis.RADIUS: "(select id, degrees_east as east, degrees_north as north from sites where status = 'active'"
    " and degrees_north is not null"
    " and org_path >= :path and org_path < :path || '/')",
    Basis.ADDRESS: "(select min(id::text)::uuid as id, address_key from sites where status = 'active'"
    " and org_path >= :path and org_path < :path || '/' group by address_key)",
}
_STAKE = "least(p.limit_per_accident, p.aggregate_limit)"


def _within(kind: str) -> str:
    if kind in (Basis.ADDRESS, "one_address"):
        return "n.address_key = c.address_key"
    return _NEAR.format(distance=_DISTANCE)


def _statement(kind: str) -> str:
    """Counts by centre. A policy counts once at a centre: its limit is paid once for one accident."""
    return f"""
      with near as (
        select c.id as centre, n.id, n.policy_id, n.insured_count
        from {_CENTRE[kind]} c join sites n on n.status = 'active' and {_within(kind)}
      ), places as (
        select centre, count(*) as sites, sum(insured_count) as insured from near group by centre
      ), stakes as (
        select d.centre, count(*) as policies, coalesce(sum({_STAKE}), 0) as exposure,
          bool_or({_STAKE} is null) as unlimited
        from (select distinct centre, policy_id from near where policy_id is not null) d
        join policies_seen p on p.policy_id = d.policy_id
          and p.starts_at <= :now and :now < least(p.ends_at, coalesce(p.ended_at, p.ends_at))
        group by d.centre
      )
      select s.centre, s.sites, s.insured, coalesce(k.policies, 0) as policies, coalesce(k.exposure, 0) as exposure,
        coalesce(k.unlimited, false) as unlimited, o.longitude, o.latitude
      from places s left join stakes k on k.centre is not distinct from s.centre
      left join sites o on o.id = s.centre
      order by unlimited desc, exposure desc, insured desc, s.centre limit :most"""  # noqa: S608 - no caller's words


async def greatest(tx: Transaction, basis: Basis, km: Any, path: str) -> Sequence[Mapping[str, Any]]:
    """The greatest accumulations around the sites at or below `path`, the greatest first."""
    given = {"path": path, "now": tx.now, "most": SCANNED} | _reach(basis, km)
    return (await tx.execute(text(_statement(basis)), given)).mappings().all()


def _reach(basis: str, km: Any) -> dict[str, Any]:
    return {} if basis == Basis.ADDRESS else {"km": float(km), "reach": rules.reach(km)}


async def around(tx: Transaction, point: Point, km: Any) -> tuple[Mapping[str, Any] | None, Sequence[Any]]:
    """What lies within `km` of a point: its figures, and the sites with their distance, the nearest first."""
    given = {"lon": float(point.lon), "lat": float(point.lat)} | _reach(Basis.RADIUS, km)
    figures = (await tx.execute(text(_statement("point")), given | {"now": tx.now, "most": 1})).mappings().one_or_none()
    near = f"""
      select n.*, {_DISTANCE} as distance from {_CENTRE["point"]} c
      join sites n on n.status = 'active' and {_within("point")} order by distance, n.id limit 200"""  # noqa: S608
    return figures, (await tx.execute(text(near), given)).mappings().all()


async def at_address(tx: Transaction, key: str) -> tuple[Mapping[str, Any] | None, Sequence[Any]]:
    """What lies at an address: its figures, and the sites."""
    given = {"address": key, "now": tx.now, "most": 1}
    figures = (await tx.execute(text(_statement("one_address")), given)).mappings().one_or_none()
    sites = "select * from sites where status = 'active' and address_key = :address order by id limit 200"
    return figures, (await tx.execute(text(sites), {"address": key})).mappings().all()


async def position_of(tx: Transaction, site_id: UUID) -> Site:
    """The site asked for. Raises `NotFound`."""
    return await tx.find(Site, site_id)
