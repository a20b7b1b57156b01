"""After the money has come the customer is asked how it went, and what he is not content with becomes a finding."""

from __future__ import annotations

from embedded.demo.stage import Stage


def ask(stage: Stage, claim_id: str, unit: str) -> None:
    """The planned visit, an attempt, the answers with a bad one, the finding."""
    agent, central = stage.cast.who("service_agent", unit), stage.cast.who("department_head", unit[:4])
    planned = stage.wait(
        agent, "waits for the return visit that the settlement plans",
        lambda: next(iter(stage.read(agent, f"/v1/return-visits?about_id={claim_id}")["items"]), None),
        lambda one: f"{one['status']}, due on {one['due']['due_on']}",
    )  # fmt: skip
    here = f"/v1/return-visits/{planned['id']}"
    tried = {"mode": "phone", "result": "no_answer"}
    stage.act(agent, "calls the customer, nobody answers", f"{here}/attempts", tried, on=here)
    asked = stage.read(agent, here)["questionnaire"]["questions"]
    bad = {"paid_on_time_and_full": "late"}
    best = {"attitude": "4", "survey_prompt": "no_survey", "decision_explained": "yes", "favours_demanded": "no"}
    answers = {one["code"]: (best | bad).get(one["code"], one["answers"][0]) for one in asked}
    body = {"mode": "phone", "answers": answers, "recording_ref": f"REC-{stage.run}"}
    done = stage.act(
        agent, "reaches him: the money came late", f"{here}/completions", body, on=here,
        told=lambda out: f"score {out['score']}, {len(out['findings'])} finding",
    )  # fmt: skip
    stage.must("the findings of one bad answer", [one["area"] for one in done["findings"]], ["claims"])
    finding = f"/v1/findings/{done['findings'][0]['id']}"
    fixed = {"action": "explained", "text": "银行退汇一次，已向客户说明并致歉", "fixed": True}
    stage.act(central, "sees to the finding and ends it", f"{finding}/follow-ups", fixed, on=finding)
