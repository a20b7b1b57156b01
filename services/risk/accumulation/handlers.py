"""Answer where how much comes together."""

from __future__ import annotations

from decimal import Decimal

from services.risk.accumulation import queries, rules, shapes
from services.risk.accumulation.rules import Basis, Point, Threshold
from services.risk.accumulation.schemas import AccumulationOut, AccumulationsOut, PlaceQuery
from services.risk.site.rules import address_key
from shared import directory
from shared.authority import covers
from shared.database import Transaction
from shared.errors import Fault, InvalidParameter, NotFound, Text
from shared.rule_sets import in_force


async def accumulations(tx: Transaction, asked: PlaceQuery) -> AccumulationsOut:
    """Within the caller's scope. Raises `NotFound` for a unit or site outside of it."""
    threshold = Threshold.of((await in_force(tx, "loss_prevention")).content["accumulation"])
    km = rules.radius(asked.within_km, threshold)
    basis = Basis.ADDRESS if asked.address else asked.basis
    if asked.address:
        figures, sites = await queries.at_address(tx, address_key(asked.address))
        items = [shapes.place(figures, threshold, sites=sites)]
    elif (point := await _point(tx, asked)) is not None:
        items = [await _around(tx, point, km, threshold)]
    else:
        items = await _greatest(tx, asked, basis, km, threshold)
    return AccumulationsOut(
        basis=str(basis), within_km=None if basis is Basis.ADDRESS else f"{km.normalize():f}",
        threshold_exposure=threshold.exposure, threshold_insured=threshold.insured, items=items,
    )  # fmt: skip


async def _point(tx: Transaction, asked: PlaceQuery) -> Point | None:
    """The point asked for, that of the site asked for, or none. Raises `InvalidParameter` for a site without one."""
    if asked.site_id is None:
        return rules.centre(asked.lon, asked.lat)
    site = await queries.position_of(tx, asked.site_id)
    if site.longitude is None or site.latitude is None:
        words = Text("该地点没有经纬度。", "This site has no position.")
        raise InvalidParameter(Fault("position_missing", words, parameter="site_id"))
    return Point(site.longitude, site.latitude)


async def _around(tx: Transaction, point: Point, km: Decimal, threshold: Threshold) -> AccumulationOut:
    figures, sites = await queries.around(tx, point, km)
    return shapes.place(figures, threshold, point=point, sites=sites)


async def _greatest(
    tx: Transaction, asked: PlaceQuery, basis: Basis, km: Decimal, threshold: Threshold
) -> list[AccumulationOut]:
    path = tx.actor.scope
    if asked.unit_code is not None:
        unit = await directory.unit_by_code(tx, asked.unit_code)
        if unit is None or not covers(unit.path, tx.actor.scope):
            raise NotFound()
        path = unit.path
    rows = await queries.greatest(tx, basis, km, path)
    seen = [(row, shapes.point_of(row) if basis is Basis.RADIUS else None) for row in rows]
    return [shapes.place(row, threshold) for row in rules.apart(seen, km, asked.limit)]
