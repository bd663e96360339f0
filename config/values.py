"""How single settings are written. What is wrong is said with the right way, without the value.

A URL that holds a password is read to its end here: of one with an unescaped / or @ a part of the
password would pass for a host or a port, and be shown in the next error.
"""

import json
import re
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import redis
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from sync.errors import NotAllowed
from sync.store import make_engine

_ESCAPED = "with %2F %40 %3A for / @ : in user and password"
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_TOKEN = re.compile(r"[\w-]{32,200}", re.ASCII)
_CLAIM = re.compile(r"[A-Za-z][\w.]*(=[^=,\"']+)?", re.ASCII)


def _https(url: str) -> str:
    found = re.fullmatch(r"https://[\w.-]+(:\d{1,5})?/*", url, re.ASCII)
    if not found:
        raise ValueError("write it as https://host or https://host:port")
    return url.rstrip("/")


def _host_and_port(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+:\d{1,5}", text, re.ASCII):
        raise ValueError("write it as host:port, as api.pubsub.salesforce.com:7443")
    return text


def _topic(text: str) -> str:
    if not re.fullmatch(r"/data/\w+", text, re.ASCII):
        raise ValueError("write it as /data/UserChangeEvent or /data/NAME__chn")
    return text


def _page_url(url: str) -> str:
    found = re.fullmatch(r"https?://([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?/*", url, re.ASCII)
    if not found:
        raise ValueError("write it as https://host or https://host:port")
    return url.rstrip("/")


def _broker(url: SecretStr) -> SecretStr:
    try:
        good = _is_broker(url.get_secret_value())
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            f"write it as redis://host:6379/0, rediss://… or redis+socket:///path, {_ESCAPED}"
        )
    return url


def _is_broker(url: str) -> bool:
    """Also ValueError. urlsplit drops line breaks; kombu takes what ; divides for several URLs."""
    parts, ats = urlsplit(url), url.count("@")
    if not url.isprintable() or ";" in url or parts.fragment:
        return False
    if ats > 1 or ats != parts.netloc.count("@"):
        return False
    redis.ConnectionPool.from_url(redis_url(url))
    if parts.scheme == "redis+socket":
        return not parts.netloc and len(parts.path) > 1
    good_host = bool(parts.hostname) and parts.port != 0
    return good_host and re.fullmatch(r"(/\d*)?", parts.path, re.ASCII) is not None


def redis_url(broker_url: str) -> str:
    """The broker's URL as redis-py wants it, from what Celery wants."""
    return broker_url.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")


def _database(url: SecretStr) -> SecretStr:
    try:
        good = _is_database(url.get_secret_value())
    except (ValueError, TypeError, SQLAlchemyError, SAWarning, NotAllowed):
        good = False
    if not good:
        raise ValueError(
            f"write it as postgresql://user@host/database or sqlite:////path/to/file, {_ESCAPED}"
        )
    return url


def _is_database(url: str) -> bool:
    """Also any of what SQLAlchemy raises, or warns of. No database is touched."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", SAWarning)
        make_engine(url)
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return True
    return url.count("@") <= 1 and "@" not in (address.database or "")


def _names(value: object) -> object:
    """As JSON, TOML or a person writes them, or as a shell leaves it that took the quotes away."""
    if isinstance(value, str):
        text = re.fullmatch(r"\[(.*)\]|([^\[\]]*)", value.strip())
        inside = (text[1] or text[2] or "") if text else "?"
        words = [word.strip().strip("\"'") for word in inside.split(",")]
        value = [word for word in words if word]
    if (
        not isinstance(value, Collection)
        or isinstance(value, dict)
        or not all(map(_is_name, value))
    ):
        raise ValueError("write it as scv or scv,cti_only, and in TOML as a list of texts")
    return value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _claims(value: object) -> object:
    """Names of permissions, and attributes with their values; in a file of one line or a list."""
    if isinstance(value, str):
        words = [word.strip().strip("\"'") for word in value.strip().strip("[]").split(",")]
        value = tuple(word for word in words if word)
    if not isinstance(value, list | tuple) or not all(map(_is_claim, value)):
        raise ValueError("write it as Permission_Name or attribute=value, with commas between")
    return tuple(value)


def _is_claim(value: object) -> bool:
    return isinstance(value, str) and _CLAIM.fullmatch(value) is not None


def alert_urls(value: object) -> tuple[SecretStr, ...]:
    """As JSON or TOML has them, or one a line, or with spaces between them. ValueError.

    Whether Apprise knows a service is seen when it is used: to load them all takes time.
    """
    if isinstance(value, str):
        value = _from_json(value) if value.lstrip().startswith("[") else value.split()
    if not isinstance(value, list | tuple):
        raise ValueError(_WRITE_URLS)
    texts = [url.get_secret_value() if isinstance(url, SecretStr) else url for url in value]
    if not all(isinstance(text, str) and _ALERT_URL.fullmatch(text) for text in texts):
        raise ValueError(_WRITE_URLS)
    return tuple(SecretStr(text) for text in texts)


def _from_json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


_ALERT_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+")
_WRITE_URLS = (
    "write it as Apprise URLs such as mailtos://user:password@host?to=ada@acme.example, one a "
    "line, with %20 for spaces"
)


def _existing_file(path: Path) -> Path:
    """The path is not said: it may be a key that was pasted in the place of its file's name."""
    try:
        if path.is_file():
            with path.open("rb"):
                return path
    except PermissionError:
        raise ValueError("the file may not be read; grant that to this user") from None
    except OSError:
        pass
    raise ValueError("there is no such file; give the path of one that can be read")


def _folder(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("there is no home folder here; write a path that begins with /") from None


def outbound_token(token: str) -> str:
    """The token, if it can be part of an address and nobody will guess it; ValueError."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("write 32 to 200 random letters, digits, - and _: `openssl rand -hex 32`")
    return token


def _secret_token(token: SecretStr) -> SecretStr:
    outbound_token(token.get_secret_value())
    return token


def _certificate(text: str) -> str:
    """A subject is taken as it stands; a fingerprint is brought into one form."""
    digits = re.sub(r"[:\s]", "", text).lower()
    if re.fullmatch(r"[\da-f]{64}", digits, re.ASCII):
        return digits
    if "=" not in text or not text.isprintable():
        raise ValueError(
            "write the certificate's subject as your proxy says it (CN=…), or its SHA-256 "
            "fingerprint"
        )
    return text.strip()


def _off(value: object) -> object:
    """A limit that is turned off may be written as none; it is 0 to the program."""
    return 0 if isinstance(value, str) and value.strip().lower() == "none" else value


HttpsUrl = Annotated[str, AfterValidator(_https)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
Topic = Annotated[str, AfterValidator(_topic)]
PageUrl = Annotated[str, AfterValidator(_page_url)]
BrokerUrl = Annotated[SecretStr, AfterValidator(_broker)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
Names = Annotated[frozenset[str], NoDecode, BeforeValidator(_names)]
Claims = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_claims)]
ExistingFile = Annotated[Path, AfterValidator(_existing_file)]
Folder = Annotated[Path, AfterValidator(_folder)]
AlertUrls = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(alert_urls)]
OutboundToken = Annotated[SecretStr, AfterValidator(_secret_token)]
ClientCertificate = Annotated[str, AfterValidator(_certificate)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")]
Limit = Annotated[int, BeforeValidator(_off)]
FractionLimit = Annotated[float, BeforeValidator(_off)]
