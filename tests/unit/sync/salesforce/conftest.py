"""An org made of canned answers, shaped like the recorded ones of the fact sheet's section 10."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests import PreparedRequest

from config.layouts import load_layout
from sync.salesforce import transport
from sync.salesforce.fields import Layout
from sync.salesforce.gateway import Connection, Gateway, connect
from sync.salesforce.login import ClientCredentials

LOGIN = "https://acme.my.salesforce.com:8443"
INSTANCE = "https://acme--x.my.salesforce.com:8443"
ORG_ID = "00D5f000005mc66EAA"
RUN_AS = "0055f000005mc66AAA"
SECRET = "9C4F2E0AD7B35B61F8"
DATA = f"{INSTANCE}/services/data/v62.0"
DATE = "Thu, 17 Mar 2022 16:30:05 GMT"
HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "Sforce-Limit-Info": "api-usage=24/15000",
    "Date": DATE,
    "Set-Cookie": "BrowserId=abc; domain=.salesforce.com; path=/",
}
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


class FakeOrg:
    """Canned answers in, requests out."""

    login_url, instance, org_id, run_as, secret, data = (
        LOGIN,
        INSTANCE,
        ORG_ID,
        RUN_AS,
        SECRET,
        DATA,
    )
    expired = EXPIRED

    def __init__(self, mock: responses.RequestsMock, layout: Layout) -> None:
        self.mock = mock
        self.layout = layout
        self._logins = 0

    def logs_in(self, **changes: Any) -> str:
        """The next login succeeds; its token."""
        self._logins += 1
        token = f"00D5f000005mc66!AR8AQ.secret{self._logins}_{'x' * 60}"
        body = {
            "access_token": token,
            "instance_url": INSTANCE,
            "id": f"https://test.salesforce.com/id/{ORG_ID[:15]}/{RUN_AS}",
            "token_type": "Bearer",
            "issued_at": "1645224274824",
            "signature": "base64=",
            **changes,
        }
        self.mock.post(f"{LOGIN}/services/oauth2/token", json=body, headers={"Date": DATE})
        return token

    def answers(
        self, method: str, path: str, body: Any = None, status: int = 200, **headers: str | None
    ) -> None:
        """The next request of this kind gets this; text and bytes go out as they are."""
        text = body if isinstance(body, (str, bytes, Exception)) else json.dumps(body)
        sent = {**HEADERS, **{k.replace("_", "-"): v for k, v in headers.items()}}
        url = path if path.startswith("http") else f"{DATA}/{path}"
        self.mock.add(
            responses.Response(
                method,
                url,
                body=text,
                status=status,
                headers={k: v for k, v in sent.items() if v and k != "Content-Type"},
                content_type=sent["Content-Type"],
            )
        )

    def row(self, user_id: str = RUN_AS, **changes: Any) -> dict[str, Any]:
        """A user as REST prints it; a change to `...` takes the key away."""
        row = {
            "attributes": {"type": "User", "url": f"/services/data/v62.0/sobjects/User/{user_id}"},
            **dict.fromkeys(self.layout.read),
            **dict.fromkeys(
                [*self.layout.requested.values(), *self.layout.effective.values()], False
            ),
            "Id": user_id,
            "Username": "zoë.o'neil@acme.example",
            "Name": "Zoë O'Neil",
            "IsActive": True,
            "UserType": "Standard",
            "SystemModstamp": "2022-03-17T16:21:26.000+0000",
            "LastModifiedDate": "2022-03-17T16:21:25.000+0000",
            "LastModifiedById": RUN_AS,
            **changes,
        }
        return {key: value for key, value in row.items() if value is not ...}

    def gateway(self, **changes: Any) -> Gateway:
        """A gateway that has not talked yet."""
        credentials = ClientCredentials("3MVG9.app", SECRET)
        return connect(Connection("acme", LOGIN, credentials, **changes), self.layout)

    def requests(self, part: str) -> list[PreparedRequest]:
        """What was asked at URLs that contain `part`, in order."""
        return [call.request for call in self.mock.calls if part in (call.request.url or "")]

    def bodies(self, part: str) -> list[Any]:
        """The JSON of those requests."""
        return [json.loads(request.body or "null") for request in self.requests(part)]

    @property
    def logins(self) -> int:
        """How many times somebody logged in."""
        return len(self.requests("/services/oauth2/token"))


@pytest.fixture(scope="session")
def layout() -> Layout:
    return load_layout("user")


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    registry = responses.registries.OrderedRegistry
    with responses.RequestsMock(assert_all_requests_are_fired=False, registry=registry) as mock:
        yield mock


@pytest.fixture
def org(mock: responses.RequestsMock, layout: Layout) -> FakeOrg:
    """An org whose answers come in the order in which they were given."""
    return FakeOrg(mock, layout)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    made: list[float] = []
    monkeypatch.setattr(transport, "sleep", made.append)
    return made


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def record_id() -> Callable[[int], str]:
    """The n-th user id."""
    from sync.salesforce.ids import to_18

    return lambda number: to_18(f"0055f{number:010d}")
