"""What maildock and an issuer know of each other, as the settings say it."""

from dataclasses import dataclass

LEAVE = "/login/sso"
COME_BACK = f"{LEAVE}/callback"


@dataclass(frozen=True, slots=True)
class Registration:
    """One issuer, and the tenant whose people sign in there.

    `agent_domains`: email domains whose unknown people become agents; `admin_claim`: a claim's name and the value that
    makes an admin, `None` where roles are given by hand.
    """

    issuer: str
    client_id: str
    client_secret: str
    tenant: str
    name: str
    redirect_uri: str
    agent_domains: tuple[str, ...] = ()
    admin_claim: tuple[str, str] | None = None
