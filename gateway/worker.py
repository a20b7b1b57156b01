"""The gateway's worker: `python -m gateway.worker`. It publishes what the organisation's changes left in the outbox,
and does what is due: changes of the tree on their day, appointments that begin or end, directives that are late.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from gateway.authority.rules import Matrix
from gateway.consumers import CONSUMERS
from gateway.directives.handlers import OVERDUE
from gateway.feed import handlers as feed
from gateway.forwarding.upstreams import Upstreams
from gateway.identity.callers import PERMISSIONS
from gateway.identity.machines import forget_expired
from gateway.identity.tokens import read_signing_key
from gateway.organisation.handlers import TURNS
from gateway.settings import GatewaySettings
from gateway.structure.handlers import Ask, due_changes
from gateway.structure.queries import Elsewhere, elsewhere
from gateway.webhooks import delivering as webhooks
from gateway.webhooks.routes import terms_of
from gateway.webhooks.sealing import Seal
from shared.ticks import Tick
from shared.workers import run_worker

EXPIRED = Tick("expired_sign_ins", timedelta(minutes=10), forget_expired)


def asking(settings: GatewaySettings) -> Ask:
    """Ask the services what they hold at a unit; without addresses of services that is not known."""
    key = read_signing_key(settings.signing_key_file)

    async def ask(path: str, request_id: UUID) -> Elsewhere:
        if not settings.service_urls:
            return Elsewhere(partial=["services"])
        upstreams = Upstreams(settings.service_urls)
        await upstreams.open()
        try:
            return await elsewhere(upstreams, key, path, request_id)
        finally:
            await upstreams.close()

    return ask


def main() -> None:
    """Publish and look for what is due until stopped; the gateway's rule sets come with its base seed."""
    settings = GatewaySettings()  # type: ignore[call-arg]
    ticks = (
        EXPIRED, due_changes(asking(settings)), TURNS, OVERDUE, feed.forgetting(settings.feed_keep_days),
        webhooks.forgetting(settings.webhook_keep_days),
    )  # fmt: skip
    matrix = Matrix.load(PERMISSIONS.read_text(encoding="utf-8"))
    pushing = webhooks.delivering(terms_of(settings), Seal(settings.secret()), matrix, settings.public_url)
    # the head of the feed lets one transaction through at a time: one lane with many events, not four that wait
    run_worker("gateway", settings, consumers=CONSUMERS, ticks=ticks, loops=(pushing,), lanes=1)


if __name__ == "__main__":
    main()
