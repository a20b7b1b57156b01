"""Letters of policies and forms of applications over HTTP."""

from __future__ import annotations

from services.policy.application.tables import Application
from services.policy.correspondence import queries
from services.policy.policy.tables import Policy
from shared.letter_routes import letter_routes

room = letter_routes(
    Policy, "/v1/policies", issue="policy.letter.issue", serve="policy.letter.serve", read="policy.attachment.read",
    data=queries.letter_data,
)  # fmt: skip
forms_room = letter_routes(
    Application, "/v1/applications", issue="policy.letter.issue", serve="policy.letter.serve",
    read="policy.attachment.read", data=queries.form_data,
)  # fmt: skip
