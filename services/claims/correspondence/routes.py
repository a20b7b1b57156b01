"""Letters of a claim over HTTP."""

from __future__ import annotations

from services.claims.claim.tables import Claim
from services.claims.correspondence import handlers, queries
from shared.letter_routes import letter_routes

room = letter_routes(
    Claim,
    "/v1/claims",
    issue="claims.letter.issue",
    serve="claims.letter.serve",
    read="claims.attachment.read",
    data=queries.data_of,
    served=handlers.served,
)
