"""The policy service's worker: `python -m services.policy.worker`."""

from __future__ import annotations

from collections.abc import Mapping

from services.policy.app import RULE_SETS
from services.policy.archive.handlers import TICKS as ARCHIVE_TICKS
from services.policy.consumers import CONSUMERS
from services.policy.controlled_document.handlers import TICKS as CONTROLLED_DOCUMENT_TICKS
from services.policy.core.handlers import IMPORT, import_line
from services.policy.core_message.handlers import TICKS as CORE_MESSAGE_TICKS
from services.policy.delivery.handlers import TICKS as DELIVERY_TICKS
from services.policy.expiry.handlers import TICKS as EXPIRY_TICKS
from services.policy.insured_list.handlers import INSURED_LIST, take_line
from services.policy.insured_list.handlers import TICKS as INSURED_LIST_TICKS
from services.policy.lending.handlers import TICKS as LENDING_TICKS
from services.policy.payment_order.handlers import TICKS as PAYMENT_ORDER_TICKS
from services.policy.premium_receipt.handlers import TICKS as PREMIUM_RECEIPT_TICKS
from services.policy.reconciliation.handlers import COMPARISON, compare_line
from services.policy.reconciliation.handlers import TICKS as RECONCILIATION_TICKS
from services.policy.renewal.handlers import TICKS as RENEWAL_TICKS
from services.policy.settings import PolicySettings
from services.policy.table_export.shapes import COLLECTIONS
from shared.exports import ERASING, EXPORT, making
from shared.job_runner import Handler, running
from shared.workers import run_worker

TICKS = (
    *EXPIRY_TICKS,
    *PREMIUM_RECEIPT_TICKS,
    *INSURED_LIST_TICKS,
    *CORE_MESSAGE_TICKS,
    *RECONCILIATION_TICKS,
    *PAYMENT_ORDER_TICKS,
    *RENEWAL_TICKS,
    *DELIVERY_TICKS,
    *CONTROLLED_DOCUMENT_TICKS,
    *ARCHIVE_TICKS,
    *LENDING_TICKS,
    ERASING,
)


def jobs(digest_key: bytes) -> Mapping[str, Handler]:
    """What the worker carries out line by line, by kind."""
    return {
        IMPORT: import_line(digest_key),
        INSURED_LIST: take_line(digest_key),
        COMPARISON: compare_line,
        EXPORT: making(COLLECTIONS),
    }


def main() -> None:
    """Publish, listen and carry out imports until stopped."""
    settings = PolicySettings()  # type: ignore[call-arg]
    run_worker(
        "policy",
        settings,
        consumers=CONSUMERS,
        ticks=TICKS,
        loops=(running(jobs(settings.digest_key())),),
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
