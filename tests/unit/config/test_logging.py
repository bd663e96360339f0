"""What log lines look like, and that nothing secret gets into one."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from config.logging import configure_logging, without_secrets
from config.settings import Settings

TOKEN = "00D5g000004XyZaEAK!AQ0AQFk.nR9_x2Vq8ZbW3mC"
JWT = jwt.encode({"sub": "a@b.example"}, "k" * 32, algorithm="HS256")
KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    .decode()
)
KEY_LINES = KEY.splitlines()[1:-1]
HUSH = "Hu5h-Hu5h"

SECRETS = {
    "access token": (TOKEN, [TOKEN.partition("!")[2]]),
    "access token in a form": (f"a=1&sid={TOKEN.replace('!', '%21')}", [TOKEN.partition("!")[2]]),
    "API token": (f"shown lsync_{'x' * 43}", ["x" * 43]),
    "JWT": (f"assertion {JWT}", JWT.split(".")),
    "private key": (KEY, KEY_LINES),
    "private key cut off": (KEY[:400], KEY_LINES[:5]),
    "client secret in a form": (f"grant_type=x&client_secret={HUSH}&a=b", [HUSH]),
    "client secret in a dict": (str({"client_secret": HUSH, "a": "b"}), [HUSH]),
    "client secret in JSON": (json.dumps({"client_secret": HUSH}), [HUSH]),
    "client secret in JSON in JSON": (json.dumps(json.dumps({"client_secret": HUSH})), [HUSH]),
    "client secret in Python": (f'client_secret = "{HUSH}"', [HUSH]),
    "opaque access token": (json.dumps({"access_token": HUSH}), [HUSH]),
    "header": (f"Authorization: Bearer {HUSH}", [HUSH]),
    "header in a dict": (str({"authorization": f"bearer {HUSH}"}), [HUSH]),
    "path of outbound messages": (f"POST '/Outbound/acme/{HUSH}/x?y' failed", [HUSH]),
    "address of outbound messages": (json.dumps({"at": f"https://h/outbound/acme/{HUSH}"}), [HUSH]),
    "password of a URL": (f"redis://:{HUSH}@host:6379/0", [HUSH]),
    "password of a URL with an at sign": (f"postgresql://me:x@{HUSH}@host/d", [HUSH, "x@"]),
    "password of a DSN": (f"host=h user=u password={HUSH} dbname=d", [HUSH]),
}
CASES = pytest.mark.parametrize(("text", "secrets"), SECRETS.values(), ids=list(SECRETS))


@pytest.fixture(params=["console", "json"])
def logged(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """What was logged, in either format; logging is as before afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    style: Literal["console", "json"] = request.param
    configure_logging(Settings(log_format=style, log_level="debug"))
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    yield stream.getvalue
    root.handlers[:], root.level = before, level


def check(line: str, secrets: list[str]) -> None:
    assert "[secret]" in line
    for secret in secrets:
        assert secret not in line


@CASES
def test_no_secret_gets_into_a_message(
    logged: Callable[[], str], text: str, secrets: list[str]
) -> None:
    logging.getLogger("x").warning(f"was told {text}")
    check(logged(), secrets)


@CASES
def test_no_secret_gets_into_an_argument(
    logged: Callable[[], str], text: str, secrets: list[str]
) -> None:
    logging.getLogger("x").warning("was told %s and %r", text, {"body": text})
    check(logged(), secrets)


@CASES
def test_no_secret_gets_into_a_traceback(
    logged: Callable[[], str], text: str, secrets: list[str]
) -> None:
    """Neither by the errors' texts nor by the local variables of the frames."""
    try:
        _fail(text)
    except RuntimeError:
        logging.getLogger("x").exception("it broke")
    check(logged(), secrets)
    assert "Traceback (most recent call last)" in logged()
    assert "RuntimeError: while telling" in logged()
    assert "ValueError" in logged()


def _fail(told: str) -> None:
    try:
        raise ValueError(told)
    except ValueError as error:
        raise RuntimeError(f"while telling {told}") from error


def test_local_variables_stay_out_of_tracebacks(logged: Callable[[], str]) -> None:
    opaque = HUSH[::-1]
    try:
        raise LookupError(len(opaque))
    except LookupError:
        logging.getLogger("x").exception("it broke")
    assert "it broke" in logged()
    assert opaque not in logged()


@CASES
def test_what_is_left_can_still_be_read(text: str, secrets: list[str]) -> None:
    once = without_secrets(text)
    assert without_secrets(once) == once
    if text.startswith(('{"', '"')):
        json.loads(once)


@given(st.text(alphabet="abcdefghij KLMN=:/@'\"\n{}-.0", max_size=80))
def test_a_json_line_is_json_whatever_it_says(text: str) -> None:
    line = json.dumps({"event": f"{text} Bearer {text} client_secret={text} u://{text}@x"})
    json.loads(without_secrets(line))


ORDINARY = [
    "acme: settled 3: {'written': 2}",
    "LICENSE_SYNC_ORGS__ACME__CLIENT_SECRET: is missing; set it.",
    "https://acme.my.salesforce.com/services/data/v62.0/query",
    "user 0055g00000AbCdEAAV of 00D5g000004XyZaEAK, ada@acme.example",
    "the password is wrong",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_a_line_says_when_how_bad_and_where_from(logged: Callable[[], str]) -> None:
    logging.getLogger("worker.tasks").info("%s: noticed %d", "acme", 3)
    line = logged()
    assert line.count("\n") == 1
    for part in ("acme: noticed 3", "info", "worker.tasks", "Z"):
        assert part in line


def test_libraries_only_say_what_is_wrong(logged: Callable[[], str]) -> None:
    for name in ("celery.worker", "kombu.x", "urllib3.connectionpool", "alembic.runtime"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("trouble")
    assert "chatter" not in logged()
    assert logged().count("trouble") == 4


def test_the_level_is_the_settings(logged: Callable[[], str]) -> None:
    logging.getLogger("worker").debug("detail")
    assert "detail" in logged()
    configure_logging(Settings(log_level="error"))
    assert not logging.getLogger("worker").isEnabledFor(logging.WARNING)
