"""One org behind the ports: made without network activity, logs in at the first call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sync.errors import CallFailed
from sync.ports.salesforce import ApiUsage
from sync.salesforce.client import Client, odd_answer
from sync.salesforce.describe import SchemaProblem, missing_object, schema_problems, sentence
from sync.salesforce.exchange import Timeouts
from sync.salesforce.fields import Layout
from sync.salesforce.ids import to_18
from sync.salesforce.login import Credentials, Session, sign_in
from sync.salesforce.reader import SalesforceReader
from sync.salesforce.transport import Transport
from sync.salesforce.writer import SalesforceWriter

API_VERSION = "62.0"


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one org.

    `org` is our name for it. `login_url` is https://host[:port], the org's My Domain address.
    `ca_file` is a PEM bundle for a host whose authority is not a public one.
    """

    org: str
    login_url: str
    credentials: Credentials
    ca_file: str | Path | None = None
    api_version: str = API_VERSION
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Whom the org takes us for; ids have 18 characters."""

    username: str
    user_id: str
    organization_id: str


class Gateway:
    """The ports of one org, over one HTTP session. Threads may share it, processes may not."""

    def __init__(self, connection: Connection, layout: Layout) -> None:
        self.connection = connection
        self.layout = layout
        log_in = partial(
            sign_in, login_url=connection.login_url, credentials=connection.credentials
        )
        self._transport = Transport(
            lambda http, deadline: log_in(http, deadline=deadline),
            connection.ca_file,
            connection.timeouts,
        )
        self._client = Client(self._transport, connection.api_version)
        self.reader = SalesforceReader(self._client, layout)
        self.writer = SalesforceWriter(self._client, layout)

    @property
    def usage(self) -> ApiUsage | None:
        """The org's API calls, as the last answer had them; None before the first."""
        return self._transport.usage

    def close(self) -> None:
        """Close the connections; the gateway may be used again."""
        self._transport.close()

    def session(self) -> Session:
        """The session in use; may log in. Raises CallFailed."""
        return self._transport.session()

    def organization_id(self) -> str:
        """The organization that the session in use belongs to, 18 characters; may log in.

        Raises CallFailed.
        """
        return self._transport.session().organization_id

    def forget_login(self) -> None:
        """Log in anew before the next call: the session in use may be of another organization."""
        self._transport.forget_session()

    def user_id(self) -> str:
        """The user that we read and write as, 18 characters; may log in. Raises CallFailed."""
        return self._transport.session().user_id

    def check_schema(self) -> str | None:
        """One sentence that says which fields are wrong and what to grant; None: all fit.

        Leaves out what blocks nothing. Raises CallFailed when the org cannot be asked.
        """
        return sentence(self.schema_problems())

    def schema_problems(self) -> tuple[SchemaProblem, ...]:
        """What about the org does not fit the layout, all of it; empty when it fits.

        Raises CallFailed when the org cannot be asked.
        """
        try:
            answer = self._client.get(f"sobjects/{self.layout.object}/describe")
        except CallFailed as error:
            if error.failure.code in ("NOT_FOUND", "INVALID_TYPE"):
                return (missing_object(self.layout),)
            raise
        return schema_problems(self.layout, _described(answer.body))

    def find(self, username: str) -> str | None:
        """The id of the user in scope with this username, 18 characters. Raises CallFailed."""
        return self.reader.find(username)

    def whoami(self) -> WhoAmI:
        """Whom the org takes us for. Raises CallFailed."""
        body = self._client.userinfo().body
        found = [body.get(k) if isinstance(body, dict) else None for k in _USERINFO]
        try:
            username, user_id, organization_id = map(str, found)
            return WhoAmI(username, to_18(user_id), to_18(organization_id))
        except ValueError:
            pass
        raise odd_answer("it does not say who we are")


_USERINFO = ("preferred_username", "user_id", "organization_id")


def connect(connection: Connection, layout: Layout) -> Gateway:
    """The gateway of one org, without network activity: whatever is wrong shows at first use."""
    return Gateway(connection, layout)


def _described(body: object) -> Mapping[str, Any]:
    fields = body.get("fields") if isinstance(body, dict) else None
    if isinstance(fields, list) and fields and all(map(_is_field, fields)):
        return {**body, "fields": fields}  # type: ignore[dict-item]
    raise odd_answer("it does not describe fields")


def _is_field(field: object) -> bool:
    return isinstance(field, dict) and isinstance(field.get("name"), str)
