"""No secret is tracked: no private key, no token in a vendor's form, no settings file of somebody's installation."""

import re
from pathlib import Path

from scripts.guards import tracked

SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*$",
    "an AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{60})",
    "a Google key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Google refresh token": r"\b1//0[0-9A-Za-z_-]{40}",
    "a Microsoft client secret": r"\b[0-9A-Za-z_~.]{3}8Q~[0-9A-Za-z_~.-]{34}",
    "a Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{20}",
    "a package registry's token": r"\b(?:pypi-AgE|npm_)[0-9A-Za-z_-]{30}",
    "a signed token": r"\beyJ[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}",
    "an API token of maildock": r"\bmdk_[0-9A-Za-z_-]{24}",
    "a password in a URL": r"\bpostgres(?:ql)?://[^\s:/@{]+:(?!\.\.\.|…|password|PASSWORD|secret|x@)[^\s@{$<]{8,}@",
}
PRIVATE_FILES = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?!example$)\w+)?|id_(?:rsa|ed25519|ecdsa)|secret\.key|[^/]*\.(?:p12|pfx))$"
)


def problems(root: Path) -> list[str]:
    """Name every place with a secret, without repeating it."""
    files = [f"{path} is a private file" for path in tracked.paths(root) if PRIVATE_FILES.search(path.as_posix())]
    kinds = {kind: re.compile(pattern) for kind, pattern in SECRETS.items()}
    return files + [
        f"{place} looks like {kind}"
        for place, line in tracked.lines(root)
        for kind, pattern in kinds.items()
        if pattern.search(line)
    ]
