"""Who answered what is stored nowhere: not as a value, not as a time, not as an order, not in what the database keeps
beside its columns.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text

from services.crm.invitation.rules import digest_of
from services.crm.reference.tables import Base
from shared.actor import machine
from shared.kernel import kernel
from tests.support.crm_world import CrmWorld
from tests.support.survey_world import SurveyWorld


@pytest.fixture
async def surveys(world: CrmWorld) -> SurveyWorld:
    made = SurveyWorld(world)
    await made.begin()
    return made


Rows = dict[str, list[dict[str, Any]]]


async def everything(world: CrmWorld) -> Rows:
    """Every row of every table, with the transaction that wrote it and its place in the file."""
    found: Rows = {}
    async with world.service.db.transaction(machine("crm")) as tx:
        for name in sorted({*Base.metadata.tables, *kernel.tables} - {"alembic_version"}):
            there = await tx.scalar(text("select to_regclass(:name)"), {"name": name})
            if there is None:
                continue
            rows = await tx.execute(text(f"select xmin::text as wrote, ctid::text as place, t.* from {name} t"))
            found[name] = [dict(one) for one in rows.mappings()]
    return found


def values_of(row: dict[str, Any]) -> set[str]:
    return {str(value) for name, value in row.items() if name not in ("wrote", "place") and value is not None}


async def answered(surveys: SurveyWorld) -> tuple[dict[str, Any], dict[str, str], Rows, Rows]:
    """An anonymous survey of forty, half of whom have answered in an order of chance; what was said by link, and
    everything that was stored before and after.
    """
    await surveys.settled(28)
    await surveys.settled(12, product="school_liability")
    survey, links = await surveys.running(anonymous=True)
    await surveys.deliver()
    assert await surveys.pass_time("survey_links_blotted") == 40
    before = await everything(surveys.world)
    chosen = random.Random(4).sample(links, 20)
    said = {}
    for n, link in enumerate(chosen):
        said[link] = f"第{n}件事"
        told = await surveys.answer(survey["id"], link, {"content": "3", "told": "no", "why": said[link]})
        assert told.status_code == 201, told.text
    return survey, said, before, await everything(surveys.world)


async def test_nothing_that_is_stored_leads_from_an_answer_to_who_gave_it(surveys: SurveyWorld) -> None:
    survey, said, before, after = await answered(surveys)
    answers = after.pop("survey_answers")
    assert len(answers) == 20
    for one in answers:
        assert (one["customer_id"], one["invitation_id"], one["answered_at"]) == (None, None, None)
        assert one["id"].version == 4
    # what answering changed: the answers are there, their links are gone, and nothing else is other than before
    links, before_links = after.pop("survey_links"), before.pop("survey_links")
    before.pop("survey_answers")
    assert after == before
    assert len(links) == 20
    assert [one for one in before_links if one["digest"] in {row["digest"] for row in links}] == links
    # no other row was written together with an answer
    wrote = {one["wrote"] for one in answers}
    assert not wrote & {row["wrote"] for rows in after.values() for row in rows}
    assert not wrote & {row["wrote"] for row in links}
    # no value of an answer stands in a row that names a customer, but what ten and more share
    shared = {survey["id"], "00.32.3201", "public_liability", "school_liability", "claim"}
    told = {value for one in answers for value in values_of(one) - {json.dumps(one["answers"])}} - shared
    for name, rows in after.items():
        for row in rows:
            assert not told & values_of(row), name
    assert not any(text_ in str(row) for rows in after.values() for row in rows for text_ in said.values())


async def test_no_message_and_no_row_says_which_link_is_whose(surveys: SurveyWorld) -> None:
    _, said, _, after = await answered(surveys)
    assert {one["state"] for one in after["notices"]} == {"delivered"}
    links = after.pop("survey_links")
    assert all(one["invitation_id"] is None for one in links)
    whole = "\n".join(str(row) for rows in after.values() for row in rows)
    for token in said:
        assert token not in whole
        assert digest_of(token) not in whole
    for one in links:
        assert one["digest"] not in whole
    # the links lie in an order that is nobody's
    assert [one["digest"] for one in links] == sorted(one["digest"] for one in links)


async def test_a_link_says_nothing_that_fewer_than_ten_invited_say(surveys: SurveyWorld) -> None:
    await surveys.settled(12)
    await surveys.settled(3, product="school_liability")
    await surveys.settled(4, unit="3202")
    survey, links = await surveys.running(anonymous=True)
    assert survey["sample"]["units"]["3202"] == {
        "frame": 4, "invited": 0, "left_out": {"too_few_to_be_anonymous": 4},
    }  # fmt: skip
    stored = await surveys.world.rows("survey_links")
    assert Counter((one["unit_path"], one["product"], one["touch_point"]) for one in stored) == {
        ("00.32.3201", None, None): 15,
    }  # fmt: skip
    assert len(links) == 15
    invited = {one["customer_id"] for one in await surveys.world.rows("customer_asks")}
    assert len(invited) == 15
