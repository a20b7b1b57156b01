"""A reserve is held against the calculation sheet: what does not fit it is flagged, and somebody sets it anew."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from services.claims.claim.tables import Claim
from shared.actor import machine
from tests.support.claim_life import ADJUSTER, ClaimLife
from tests.support.claims_settled import SettledWorld


@pytest.mark.parametrize(
    ("reserve", "flag"),
    [("3999.99", "reserve_inadequate"), ("4000.00", None), ("6000.00", None), ("6000.01", "reserve_excessive")],
)
async def test_a_reserve_is_judged_by_what_the_sheet_asks_for(life: ClaimLife, reserve: str, flag: str | None) -> None:
    await life.policy()
    claim_id = await life.registered()
    async with life.service.db.transaction(machine("claims")) as tx:
        sheet = {"sheet_version": 1, "payable_amount": 4000, "gross_amount": 4000}
        await tx.execute(update(Claim).values(**sheet))
    await life.done(ADJUSTER, claim_id, "reserves", {"reserve_amount": reserve, "reason": "seen again"})
    flags = set((await life.row(claim_id)).flags) & {"reserve_inadequate", "reserve_excessive"}
    assert flags == ({flag} if flag else set())
    assert ("review_reserve" in await life.items(claim_id)) is (flag is not None)


async def test_an_adequate_reserve_ends_the_flag_and_the_work(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.registered()
    async with life.service.db.transaction(machine("claims")) as tx:
        await tx.execute(update(Claim).values(sheet_version=1, payable_amount=4000, gross_amount=4000))
    await life.done(ADJUSTER, claim_id, "reserves", {"reserve_amount": "1.00", "reason": "wrong"})
    assert "review_reserve" in await life.items(claim_id)
    await life.done(ADJUSTER, claim_id, "reserves", {"reserve_amount": "4500.00", "reason": "by the sheet"})
    assert "reserve_inadequate" not in (await life.row(claim_id)).flags
    assert "review_reserve" not in await life.items(claim_id)


async def test_once_the_money_is_out_nobody_has_to_set_the_reserve_anew(life: ClaimLife) -> None:
    world = SettledWorld(life.service)
    claim_id = await world.decided()
    # no reserve was ever set: the sheet flagged that, and it stays work until the claim is paid
    assert (await world.world.row(claim_id)).flags == ["reserve_inadequate"]
    assert len(await world.items(claim_id, "review_reserve")) == 1
    assert (await world.agree(claim_id)).status_code == 201
    payment = (await world.order(claim_id)).json()
    assert len(await world.items(claim_id, "review_reserve")) == 1
    assert (await world.confirm(payment["id"])).status_code == 201
    assert (await world.world.row(claim_id)).flags == []
    assert await world.items(claim_id, "review_reserve") == []
