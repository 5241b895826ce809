"""What every step of the flow is given: the parts of the house, chosen by the wiring."""

from collections.abc import Mapping
from dataclasses import dataclass

from maildock.domain.eligibility import Policy
from maildock.domain.failures import RetryRules
from maildock.providers.base import Provider
from maildock.storage.base import ObjectStore
from maildock.storage.spool import Spool
from maildock.tables.session import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the bytes, the providers by kind, and the rules; sizes in bytes, times in seconds."""

    database: Database
    store: ObjectStore
    spool: Spool
    providers: Mapping[str, Provider]
    policy: Policy
    rules: RetryRules
    max_message_bytes: int
    keep_original: bool
    claim_seconds: float
    concurrency: int
