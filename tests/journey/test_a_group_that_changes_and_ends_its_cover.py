"""A builder's group accident cover: what is refused before it stands, heads that come and go, and a cover that ends.

Nobody benefits but the insured persons' own; whoever has not consented is not covered against death. Twenty heads join
and thirty leave in one change, netted; another cover of the same builder ends after a hundred days, its papers asked
for once, its refund paid to the builder alone, while a claim on it goes on.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from shared.calendar import DAY
from shared.clock import legal_day, process_now, rfc3339
from tests.support.application_story import SIGNED, ApplicationStory, customer, now, opened
from tests.support.claim_life import MovedClock, report
from tests.support.journeys import move
from tests.support.system import System

BEGINS = "2025-12-20T10:00"
UNIT, CENTRAL = "320102", "3201"
SEED = Path(__file__).parents[2] / "services/policy/rule_sets/products/group_accident.2026-1.toml"
PRODUCT = "builders_accident"
ANSWERS = {"Q01": "manual", "Q02": "58", "Q03": "0", "Q04": "no", "Q05": "no"}
REDUCING = ("exclusion", "deductible", "deductible_rate", "proportional_payment", "co_pay")
INSURED = {"role": "insured", "name": "各被保险人签名表"}
COVER = {"sum_insured": "100000.00"}
CHANGE_DAY = "2026-04-11"
ACCOUNT = "6222020200445566"


async def test_a_group_changes_its_heads_and_ends_its_cover(clock: MovedClock, system: System) -> None:
    await _sold_here(system)
    move(system, clock, "2025-12-22T10:00")
    owner = await customer(system, 3)
    large = await _insured(system, clock, owner, range(1, 501))
    assert large["premium"] == "91250.00"
    small = await _insured(system, clock, owner, range(601, 801))
    assert small["premium"] == "36500.00"
    move(system, clock, "2026-04-10T10:00")
    await _heads_come_and_go(system, clock, owner, large)
    await _it_ends_after_a_hundred_days(system, clock, owner, small)


async def _sold_here(system: System) -> None:
    """The rules manager of the head office publishes a product whose policies are issued here."""
    content = tomllib.loads(SEED.read_text("utf-8"))["content"] | {"issued_by": "anlan"}
    manager = await system.enter("rules_manager", "00")
    body = {"code": PRODUCT, "name": "2026-1", "effective_from": "2025-12-21", "content": content}
    answer = await system.gateway.post(manager, "/v1/products", body)
    assert answer.status_code == 201, answer.text


def _heads(numbers: range, op: str = "add", benefits: str = "spouse") -> list[dict[str, Any]]:
    return [
        {
            "op": op, "ref": f"P-{n:04d}", "name": f"工人{n}", "id_type": "passport", "id_no": f"E{n:08d}",
            "born_on": "1985-06-01", "occupation_class": 3, "sum_insured": "100000.00", "relation": "employee",
            "beneficiaries": [{"name": f"家属{n}", "relation": benefits}],
        }
        for n in numbers
    ]  # fmt: skip


def _papers(*codes: str) -> list[dict[str, str]]:
    return [{"code": code, "received_on": legal_day(process_now()).isoformat()} for code in codes]


async def _insured(system: System, clock: MovedClock, owner: dict[str, Any], numbers: range) -> dict[str, Any]:
    """From the proposal to the policy: the premium first, then the number of our own."""
    body = {
        "kind": "proposal", "product": PRODUCT, "customer_id": owner["id"],
        "policyholder": {"name": owner["name"], "id_type": "uscc", "id_no": "91320100MA00000000"},
        "requested_cover": COVER, "insured_persons": _heads(numbers),
        "starts_at": "2026-01-01T00:00:00+08:00", "ends_at": "2027-01-01T00:00:00+08:00",
        "documents": _papers("proposal_form", "identity", "insured_list", "consent"),
    }  # fmt: skip
    await _not_for_the_employer(system, body, numbers)
    story = await opened(system, UNIT, body)
    await story.done("sales_agent", "disclosures", {"channel": "visit", "delivered_at": now(), "proof": "送达回执001"})
    move(system, clock, rfc3339(process_now() + DAY / 24)[:16])
    await story.done("sales_agent", "acknowledgements", await story.acknowledgement("exclusions", *REDUCING))
    await story.done("sales_agent", "acknowledgements", await story.acknowledgement("duties", "duty"))
    await story.answers(ANSWERS)
    signed = SIGNED | {"signed_at": now()}
    await story.refused(422, "death_consent_missing", "sales_agent", "submissions", signed)
    await _consented(story, numbers)
    await story.done("sales_agent", "submissions", signed)
    accept = {"outcome": "accept", "amount": "100000.00"}
    await story.done(f"underwriter@{CENTRAL}", "decisions", accept)
    await _paid_first(story, owner)
    issued = await story.done(f"underwriter@{CENTRAL}", "issues", {})
    assert issued["policy_no"].startswith("APA"), issued
    await system.drain()
    return issued


async def _not_for_the_employer(system: System, body: dict[str, Any], numbers: range) -> None:
    seller = await system.enter("sales_agent", UNIT)
    wrong = body | {"insured_persons": _heads(numbers[:1], benefits="employer")}
    answer = await system.gateway.post(seller, "/v1/applications", wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "employer_beneficiary"), answer.text


async def _consented(story: ApplicationStory, numbers: range) -> None:
    """Each of them consented in writing and approved the amount."""
    refs = [f"P-{n:04d}" for n in numbers]
    body = await story.acknowledgement("death_cover_consent", clauses=[], insured_refs=refs, signer=INSURED)
    await story.done("sales_agent", "acknowledgements", body)


async def _paid_first(story: ApplicationStory, owner: dict[str, Any]) -> None:
    """The product wants its premium before its cover: unpaid it is not issued."""
    await story.refused(409, "premium_unpaid", f"underwriter@{CENTRAL}", "issues", {})
    order = await _order(story, "premium")
    await _confirm(story.system, order, {"name": owner["name"], "account": ACCOUNT})


async def _order(story: ApplicationStory, kind: str) -> dict[str, Any]:
    cashier = await story.person(f"cashier@{CENTRAL}")
    asked = f"/v1/payment-orders?application_id={story.application['id']}&kind={kind}"
    [order] = (await story.system.gateway.get(cashier, asked)).json()["items"]
    return order


async def _confirm(system: System, order: dict[str, Any], payer: dict[str, str] | None) -> None:
    cashier = await system.enter("cashier", CENTRAL)
    body = {"paid_at": now(), "reference": f"B-{order['id']}"} | ({} if payer is None else {"payer": payer})
    path = f"/v1/payment-orders/{order['id']}/confirmations"
    answer = await system.gateway.post(cashier, path, body, version=order["version"])
    assert answer.status_code == 201, answer.text


async def _submitted(story: ApplicationStory) -> None:
    await story.done("sales_agent", "submissions", SIGNED | {"signed_at": now()})


async def _heads_come_and_go(system: System, clock: MovedClock, owner: dict[str, Any], policy: dict[str, Any]) -> None:
    """Twenty join and thirty leave on the 101st day: gross for who joins, net for who leaves, one difference."""
    story = await opened(system, UNIT, {
        "kind": "endorsement", "policy_id": policy["id"],
        "policyholder": {"name": owner["name"], "id_type": "uscc", "id_no": "91320100MA00000000"},
        "change": {"kind": "insured_list", "effective_on": CHANGE_DAY, "reason": "工地人员变动"},
        "insured_persons": [*_heads(range(501, 521)), *_heads(range(1, 31), "remove")],
        "documents": _papers("endorsement_form", "insured_list"),
    })  # fmt: skip
    await _consented(story, range(501, 521))
    await _submitted(story)
    await story.done(f"underwriter@{CENTRAL}", "decisions", {"outcome": "accept", "amount": "100000.00"})
    other = {"payee": {"name": "展业员", "account": ACCOUNT}}
    await story.refused(422, "refund_payee_not_entitled", f"underwriter@{CENTRAL}", "endorsements", other)
    own = {"payee": {"name": owner["name"], "account": ACCOUNT}}
    made = await story.done(f"underwriter@{CENTRAL}", "endorsements", own)
    assert [one["amount"] for one in made["computation"]["lines"]] == ["2650.00", "-2981.25"]
    assert (made["amount"], made["policy_version"], made["application"]["status"]) == ("-331.25", 2, "effective")
    await _confirm(system, await _order(story, "refund"), None)
    await system.drain()
    await _as_at(system, policy)


async def _as_at(system: System, policy: dict[str, Any]) -> None:
    """The list of before holds until the change, the new one from it on; claims read the same."""
    seller = await system.enter("sales_agent", UNIT)
    for on, number, heads in (("2026-04-10", 1, 500), (CHANGE_DAY, 2, 490)):
        found = await system.gateway.get(seller, f"/v1/policies/{policy['id']}/versions?on={on}")
        [version] = found.json()["items"]
        assert (version["number"], version["insured_count"]) == (number, heads)
    told = [one for one in await system.told("policy", policy["id"]) if one["subject"] == "policy.insured.listed.v1"]
    assert len(told) == 2


async def _it_ends_after_a_hundred_days(
    system: System, clock: MovedClock, owner: dict[str, Any], policy: dict[str, Any]
) -> None:
    """What is missing is told once; the refund is known before it is decided, and an open claim holds nothing."""
    agent = await system.enter("service_agent", UNIT)
    hurt = report(policy_no=policy["policy_no"], unit_code=None)
    claim = await system.gateway.post(agent, "/v1/claims", hurt)
    assert claim.status_code == 201, claim.text
    await system.drain()
    story = await opened(system, UNIT, {
        "kind": "cancellation", "policy_id": policy["id"],
        "policyholder": {"name": owner["name"], "id_type": "uscc", "id_no": "91320100MA00000000"},
        "change": {
            "kind": "surrender", "notice_received_at": now(), "effective_on": CHANGE_DAY, "reason": "项目完工",
        },
        "documents": _papers("cancellation_form"),
    })  # fmt: skip
    await _told_once_and_quoted(story, policy)
    order = await _ended(story, owner)
    await system.drain()
    move(system, clock, "2026-04-15T10:00")
    await _confirm(system, order, None)
    assert (await story.read())["status"] == "refunded"
    agent = await system.enter("service_agent", UNIT)
    read = await system.gateway.get(agent, f"/v1/policies/{policy['id']}")
    assert read.json()["status"] == "cancelled"
    open_claim = await system.gateway.get(agent, f"/v1/claims/{claim.json()['id']}")
    assert open_claim.json()["status"] == "reported"


async def _told_once_and_quoted(story: ApplicationStory, policy: dict[str, Any]) -> None:
    system = story.system
    await story.done("service_agent", "missing-items", {"channel": "phone"})
    await story.refused(409, "missing_items_told", "service_agent", "missing-items", {"channel": "phone"})
    seller = await system.enter("sales_agent", UNIT)
    version = (await story.read())["version"]
    papers = {"documents": _papers("cancellation_form", "identity", "account")}
    changed = await system.gateway.call(seller, "PATCH", story.path, papers, version=version)
    assert changed.status_code == 200, changed.text
    quote = await system.gateway.post(
        seller, "/v1/refund-quotes", {"policy_id": policy["id"], "effective_on": CHANGE_DAY}
    )
    assert quote.json()["amount"] == "19875.00", quote.text


async def _ended(story: ApplicationStory, owner: dict[str, Any]) -> dict[str, Any]:
    """Accepted and carried out; the order of the refund, due within thirty days of the notice."""
    await _submitted(story)
    await story.done(f"underwriter@{CENTRAL}", "decisions", {"outcome": "accept", "amount": "19875.00"})
    own = {"payee": {"name": owner["name"], "account": ACCOUNT}}
    ended = await story.done(f"underwriter@{CENTRAL}", "cancellations", own)
    assert (ended["amount"], ended["effective_at"]) == ("19875.00", f"{CHANGE_DAY}T00:00:00+08:00")
    assert ended["claims_open"] == 1
    order = await _order(story, "refund")
    assert order["due_on"] == "2026-05-10"
    return order
