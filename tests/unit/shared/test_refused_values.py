"""What is said of each refused value."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, ValidationError

from shared.errors import Fault, Text, ValidationFailed
from shared.problems import body_of, from_validation


def told(problem: ValidationFailed, language: str) -> dict[str, str]:
    return body_of(problem, language=language, instance="/", request_id="")["errors"][0]


@pytest.mark.parametrize(("language", "words"), [("zh", "不能早于 2026-01-02。"), ("en", "Not before 2026-01-02.")])
def test_the_members_of_a_fault_stand_in_its_words(language: str, words: str):
    detail = Text("不能早于 {day}。", "Not before {day}.")
    fault = Fault("before", detail, pointer="#/day", members={"day": "2026-01-02"})
    assert told(ValidationFailed(fault), language) == {
        "pointer": "#/day", "code": "before", "detail": words, "day": "2026-01-02"
    }  # fmt: skip


def test_of_a_choice_the_values_allowed_are_listed():
    class Choice(BaseModel):
        kind: Literal["disability", "property"]

    with pytest.raises(ValidationError) as refused:
        Choice.model_validate({"kind": "medical"})
    errors = [one | {"loc": ("body", *one["loc"])} for one in refused.value.errors()]
    said = body_of(from_validation(errors), language="en", instance="/", request_id="")["errors"]
    assert [(one["pointer"], one["expected"]) for one in said] == [("#/kind", "'disability' or 'property'")]
