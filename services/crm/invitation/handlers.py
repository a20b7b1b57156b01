"""Start a survey by inviting its sample, and end it when its days are over."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from services.crm import events
from services.crm.cool_down.handlers import was_asked
from services.crm.cool_down.queries import resting
from services.crm.customer.tables import Customer
from services.crm.invitation import queries, rules
from services.crm.invitation.rules import Contact, Origin
from services.crm.invitation.tables import SurveyInvitation, SurveyLink
from services.crm.survey import queries as surveys
from services.crm.survey.rules import SurveyStatus, advance
from services.crm.survey.tables import Survey
from services.crm.visit.queries import sampling_key
from shared.actor import machine
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.ids import uuid7
from shared.notices import notices, send_notice
from shared.rule_sets import in_force
from shared.ticks import Tick, one_by_one
from shared.work_items import open_item

_CHUNK = 200
INVITATION = "survey_invitation"
"""The kind of its notices."""


async def start(tx: Transaction, survey_id: UUID, address: str) -> None:
    """Draw the sample of every unit, invite it, and let the survey run; the draw can be repeated."""
    survey = await tx.find(Survey, survey_id, lock=True)
    if survey.state is not SurveyStatus.APPROVED or survey.starts_on > legal_day(tx.now):
        return
    key = await sampling_key(tx)
    drawn = rules.in_draw_order(await queries.contacts_of(tx, survey), survey.id, key)
    sample: dict[str, Any] = {}
    chosen: list[tuple[Contact, Customer]] = []
    smallest = (await in_force(tx, "sampling")).content["surveys"]["anonymous_cell"] if survey.anonymous else 1
    for unit_path, contacts in drawn.items():
        asked, left_out = await _choose(tx, survey, contacts)
        if 0 < len(asked) < smallest:
            # so few would be known by their unit alone
            left_out["too_few_to_be_anonymous"] += len(asked)
            asked = []
        chosen += asked
        sample[unit_path.rpartition(".")[2]] = {
            "frame": len(contacts), "invited": len(asked), "left_out": dict(sorted(left_out.items())),
        }  # fmt: skip
    await _invite(tx, survey, chosen, smallest, address)
    survey.status = str(advance(survey.state, SurveyStatus.RUNNING))
    survey.sample = {"invited": len(chosen), "units": sample}
    survey.version += 1
    survey.updated_at = tx.now
    tx.note("start", survey, before={"status": "approved"}, after={"status": survey.status, "invited": len(chosen)})


async def _choose(
    tx: Transaction, survey: Survey, contacts: Sequence[Contact]
) -> tuple[list[tuple[Contact, Customer]], Counter[str]]:
    """The first of a unit's draw who may be asked, and how many before them were left out for which reason."""
    asked: list[tuple[Contact, Customer]] = []
    left_out: Counter[str] = Counter()
    for begin in range(0, len(contacts), _CHUNK):
        chunk = contacts[begin : begin + _CHUNK]
        ids = [one.customer_id for one in chunk]
        at_rest, known = await resting(tx, ids), await queries.customers_among(tx, ids)
        for one in chunk:
            if len(asked) == survey.sample_per_unit:
                return asked, left_out
            customer = known[one.customer_id]
            reason = (
                "cool_down"
                if one.customer_id in at_rest
                else await queries.reason_to_leave_out(tx, customer, survey.channel)
            )
            if reason is None:
                asked.append((one, customer))
            else:
                left_out[reason] += 1
    return asked, left_out


async def _invite(
    tx: Transaction, survey: Survey, chosen: Sequence[tuple[Contact, Customer]], smallest: int, address: str
) -> None:
    """Invite everybody. The links are stored in the order of their digests, which is nobody's."""
    said = rules.origins([one for one, _ in chosen], survey.anonymous, smallest)
    key = await sampling_key(tx)
    links: list[SurveyLink] = []
    for (contact, customer), origin in zip(chosen, said, strict=True):
        token = rules.link_token(survey.id, secrets.token_bytes(rules.RANDOM_BYTES), key)
        invitation = await _one(tx, survey, contact, customer, f"{address.rstrip('/')}/{token}")
        links.append(_link(survey, token, origin, invitation))
    await tx.flush()
    for one in sorted(links, key=lambda link: link.digest):
        tx.add(one)
    await tx.flush()


async def _one(tx: Transaction, survey: Survey, contact: Contact, customer: Customer, link: str) -> SurveyInvitation:
    facts = {"link": link, "closes_on": survey.closes_on.isoformat()}
    to = customer.email if survey.channel == "email" else customer.phone
    notice_id = await send_notice(
        tx, events.NoticeSent, customer, INVITATION, channel=survey.channel, address=to, facts=facts
    )
    row = SurveyInvitation(
        id=uuid7(), org_path=customer.org_path, customer_id=customer.id, survey_id=survey.id,
        about_id=contact.about_id, unit_path=contact.unit_path, product=contact.product,
        touch_point=contact.touch_point, notice_id=notice_id,
    )  # fmt: skip
    tx.add(row)
    await was_asked(tx, customer, "survey", survey.id, tx.now)
    return row


def _link(survey: Survey, token: str, origin: Origin, invitation: SurveyInvitation) -> SurveyLink:
    return SurveyLink(
        digest=rules.digest_of(token), survey_id=survey.id, unit_path=origin.unit_path, product=origin.product,
        touch_point=origin.touch_point, invitation_id=None if survey.anonymous else invitation.id,
    )  # fmt: skip


async def close(tx: Transaction, survey_id: UUID) -> None:
    """No answer is taken any more, and what was left of the links goes; whoever answers for it is asked to look."""
    survey = await tx.find(Survey, survey_id, lock=True)
    if survey.state is not SurveyStatus.RUNNING or survey.closes_on >= legal_day(tx.now):
        return
    survey.status, survey.closed_at = str(advance(survey.state, SurveyStatus.CLOSED)), tx.now
    survey.version += 1
    survey.updated_at = tx.now
    await tx.execute(delete(SurveyLink).where(SurveyLink.survey_id == survey.id))
    await open_item(
        tx, "analyse_survey", survey, Text("分析满意度调查结果", "Look at what a survey says"), number=None,
        unit_code=survey.org_path.rpartition(".")[2], position="department_head",
        href=f"/v1/surveys/{survey.id}/analyses",
    )  # fmt: skip
    tx.note("close", survey, before={"status": "running"}, after={"status": survey.status})


async def blot_links(db: Database, address: str, limit: int) -> int:
    """Take the links out of messages that have left: nobody but the customer needs to know which link is whose."""
    sent = notices.c
    async with db.transaction(machine(db.service)) as tx:
        with_link = select(sent.id).where(
            sent.kind == INVITATION, sent.state != "queued", sent.body.contains(address, autoescape=True)
        )
        ids = list((await tx.execute(with_link.limit(limit))).scalars())
        plain = func.regexp_replace(sent.body, re.escape(address) + "[A-Za-z0-9_-]*", "…", "g")
        await tx.execute(update(notices).where(sent.id.in_(ids)).values(body=plain))
    return len(ids)


def survey_ticks(address: str) -> tuple[Tick, ...]:
    """`address`: where the page of a link is served; the link is put behind it."""

    async def begin(tx: Transaction, survey_id: UUID) -> None:
        await start(tx, survey_id, address)

    async def blot(db: Database, limit: int) -> int:
        return await blot_links(db, f"{address.rstrip('/')}/", limit)

    return (
        Tick("surveys_started", timedelta(minutes=1), one_by_one(surveys.to_start, begin)),
        Tick("surveys_closed", timedelta(minutes=1), one_by_one(surveys.to_close, close)),
        Tick("survey_links_blotted", timedelta(minutes=1), blot),
    )
