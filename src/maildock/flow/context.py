"""What every step of the flow is given: the parts of the house, chosen by the wiring."""

from collections.abc import Mapping
from dataclasses import dataclass

from maildock.access.sealing import Sealer
from maildock.domain.eligibility import Policy
from maildock.domain.failures import RetryRules
from maildock.providers.base import Provider, RemoteProvider
from maildock.storage.base import ObjectStore
from maildock.storage.spool import Spool
from maildock.tables.session import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the bytes, the providers by kind, and the rules; sizes in bytes, times in seconds."""

    database: Database
    sealer: Sealer
    store: ObjectStore
    spool: Spool
    providers: Mapping[str, Provider]
    policy: Policy
    rules: RetryRules
    max_message_bytes: int
    keep_original: bool
    claim_seconds: float
    poll_seconds: float
    concurrency: int

    def remote(self, kind: str) -> RemoteProvider:
        """Give the provider of a kind whose mail lies elsewhere."""
        provider = self.providers[kind]
        if not isinstance(provider, RemoteProvider):
            raise TypeError(f"a provider of kind {kind} is not polled")
        return provider
