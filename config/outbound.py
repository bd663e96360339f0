"""Which orgs take outbound messages, and how who sends them proves it. Read once, at the start."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from config.errors import BadSettings
from config.layouts import load_layout
from config.settings import PREFIX, OrgSettings, Settings
from config.values import outbound_token
from config.wiring import file_content
from sync.errors import SyncError
from sync.ports.outbound import MessageReader
from sync.salesforce.outbound import read_message

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """Where one org's messages come in. Of the token there is a digest only."""

    org: str
    digest: bytes = field(repr=False)
    certificate: str | None
    key_prefix: str | None
    per_minute: int
    read: MessageReader = read_message


def digest(token: str) -> bytes:
    """What of a token is kept and compared."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def doors(settings: Settings) -> Iterator[Door]:
    """The doors of the orgs that have a token; one whose settings are unusable stays shut."""
    for name, org in sorted(settings.orgs.items()):
        try:
            token = _token(name, org)
            if token is not None:
                prefix = load_layout(org.layout).key_prefix
                yield Door(
                    name,
                    digest(token),
                    org.outbound_client_certificate,
                    prefix,
                    org.outbound_per_minute,
                )
        except SyncError as error:
            log.warning("%s takes no outbound messages: %s", name, error)


def _token(name: str, org: OrgSettings) -> str | None:
    if org.outbound_token is not None:
        return org.outbound_token.get_secret_value()
    if org.outbound_token_file is None:
        return None
    mend = "let it hold the token"
    token = file_content(name, "outbound_token_file", org.outbound_token_file, mend)
    try:
        return outbound_token(token)
    except ValueError as error:
        where = f"{PREFIX}ORGS__{name.upper()}__OUTBOUND_TOKEN_FILE"
        raise BadSettings([f"{where}: {error}."]) from None
