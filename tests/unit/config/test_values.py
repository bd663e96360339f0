"""How single values are written: URLs that hold passwords, names, files."""

import os
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from kombu import Connection
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.engine import make_url

from config.values import AlertUrls, BrokerUrl, DatabaseUrl, ExistingFile, Folder, Names
from sync.errors import NotAllowed
from sync.store import make_engine


def said(kind: object, value: object) -> str:
    """What is said about the value; "" if it may be used."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        [problem] = error.errors()
        return str(problem["msg"])
    return ""


# Alert URLs

A, B = "json://ann:hush@a.example/x?y=1,2", "slack://T1/B1/hush"


@pytest.mark.parametrize(
    "written", [f"{A} {B}", f"\n{A}\n\n{B}\n", f'["{A}", "{B}"]', [A, B], (A, B)]
)
def test_alert_urls_are_written_as_it_suits(written: object) -> None:
    found = TypeAdapter(AlertUrls).validate_python(written)
    assert [url.get_secret_value() for url in found] == [A, B]
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    "written", ["hush", f"{A} hush", f'["{A}', '["hush"]', "[1]", [A, 1], 1, {"hush": A}, "//hush"]
)
def test_what_is_no_url_is_said_without_its_text(written: object) -> None:
    problem = said(AlertUrls, written)
    assert problem.startswith("Value error, write it as Apprise URLs such as mailtos://")
    assert "hush" not in problem


def test_no_alert_urls_are_none() -> None:
    assert TypeAdapter(AlertUrls).validate_python("") == ()


# URLs

BROKER = (
    "Value error, write it as redis://host:6379/0, rediss://… or redis+socket:///path, "
    "with %2F %40 %3A for / @ : in user and password"
)
DATABASE = (
    "Value error, write it as postgresql://user@host/database or sqlite:////path/to/file, "
    "with %2F %40 %3A for / @ : in user and password"
)


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://host:6379/0",
        "redis://:hush@host:6379/2",
        "redis://user:a%2Fb%40c@host/",
        "redis://[::1]:6379/0",
        "rediss://:hush@host:6380/0?ssl_ca_certs=/etc/ca.pem",
        "redis+socket:///run/valkey.sock?virtual_host=2",
    ],
)
def test_brokers_that_may_be_used(url: str) -> None:
    assert said(BrokerUrl, url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "amqp://me:hush@x",
        "redis://",
        "redis:///0",
        "redis://host:port/0",
        "redis://host:99999/0",
        "redis://user:hush/x@host:6379/0",
        "redis://user:1/hush@host:6379/0",
        "redis://:12/hush@host:6379/0",
        "redis://user:1?hush@host:6379/0",
        "redis://user:1#hush@host:6379/0",
        "redis://user:hu@sh@host:6379/0",
        "redis://:hush",
        "redis://:hu\tsh@host",
        "redis://:hu;sh@host",
        "redis://[hush",
        "redis://host/hush",
        "redis://host/0?socket_timeout=hush",
        "redis+socket://hush",
        "redis+socket://",
    ],
)
def test_brokers_that_may_not_are_said_how_to_write_and_not_shown(url: str) -> None:
    assert said(BrokerUrl, url) == BROKER


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user@host/d",
        "postgresql://user:hush@host:5432/d?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql+psycopg://user:a%2Fb%40c@host/d",
        "postgres:///d?host=/run/postgresql",
        "postgresql://user@[::1]/d",
        "sqlite:////var/lib/it@home/x.db",
        "sqlite:///x.db",
    ],
)
def test_databases_that_may_be_used(url: str) -> None:
    assert said(DatabaseUrl, url) == ""
    assert make_engine(url)


@pytest.mark.parametrize(
    "url",
    [
        "hush",
        "hush://x",
        "mysql://u:hush@h/d",
        "sqlite://",
        "sqlite:///",
        "sqlite://u:hush@h/d",
        "sqlite:///x?timeout=hush",
        "sqlite:///x?hush=1",
        "postgresql://u:hush@h:port/d",
        "postgresql://u:hush/d",
        "postgresql://u:hu@sh@h/d",
        "postgresql://u:hu@sh/x@h/d",
        "postgresql://u:hu@sh?x@h/d",
        "postgresql://u/hush@h/d",
        "postgresql://u@h/d?plugin=hush",
    ],
)
def test_databases_that_may_not_are_said_how_to_write_and_not_shown(url: str) -> None:
    assert said(DatabaseUrl, url) == DATABASE


passwords = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(passwords)
def test_an_escaped_password_arrives(password: str) -> None:
    there = f"u:{quote(password, safe='')}@host"
    assert said(BrokerUrl, f"redis://{there}:6379/0") == ""
    assert said(DatabaseUrl, f"postgresql://{there}/d") == ""
    pool = redis.ConnectionPool.from_url(f"redis://{there}:6379/0")
    assert pool.connection_kwargs["password"] == password
    assert Connection(f"redis://{there}:6379/0").password == password
    assert make_url(f"postgresql://{there}/d").password == password


@given(passwords, st.sampled_from(["", "u"]))
def test_a_password_as_it_is_arrives_or_is_refused(password: str, user: str) -> None:
    """Half a password taken for a host would be shown in the next sentence."""
    there = f"{user}:{password}@host"
    url = f"redis://{there}:6379/0"
    if said(BrokerUrl, url) == "":
        known = redis.ConnectionPool.from_url(url).connection_kwargs
        assert (known["host"], known.get("password", "")) == ("host", unquote(password))
        assert (Connection(url).hostname, Connection(url).password) == ("host", unquote(password))
    url = f"postgresql://{there}/d"
    if said(DatabaseUrl, url) == "":
        address = make_url(url)
        assert (address.host, address.password) == ("host", unquote(password))


@given(st.text(st.sampled_from("aé1:/@?#[]%&=.+ \t\n"), max_size=16))
def test_no_url_is_a_traceback_later(text: str) -> None:
    for start in ("redis://", "rediss://", "redis+socket://", "postgresql://", "sqlite://", ""):
        if said(BrokerUrl, start + text) == "" and start != "redis+socket://":
            redis.ConnectionPool.from_url(start + text)
        if said(DatabaseUrl, start + text) == "":
            try:
                make_engine(start + text)
            except NotAllowed as error:
                pytest.fail(str(error))


# Names


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("scv", {"scv"}),
        ("scv,cti_only", {"scv", "cti_only"}),
        (" scv , cti_only, ", {"scv", "cti_only"}),
        ('["scv"]', {"scv"}),
        ('["scv", "pci"]', {"scv", "pci"}),
        ("[scv]", {"scv"}),
        ("[scv, pci]", {"scv", "pci"}),
        ("['scv']", {"scv"}),
        ("[]", set()),
        ("", set()),
        (["scv"], {"scv"}),
        ([], set()),
        (frozenset({"scv"}), {"scv"}),
    ],
)
def test_names_may_be_written_in_each_usual_way(written: object, names: set[str]) -> None:
    assert TypeAdapter(Names).validate_python(written) == names


@pytest.mark.parametrize(
    "wrong", ["scv cti_only", '["scv"', "scv]", "{}", "1", "hush!", 1, [1], {}]
)
def test_what_is_no_list_of_names_is_said_how_to_write(wrong: object) -> None:
    assert said(Names, wrong) == (
        "Value error, write it as scv or scv,cti_only, and in TOML as a list of texts"
    )


# Files and folders


def test_a_file_has_to_be_there(tmp_path: Path) -> None:
    for path in (tmp_path / "hush", tmp_path, Path("hush" * 500), Path("hush\0")):
        assert said(ExistingFile, path) == (
            "Value error, there is no such file; give the path of one that can be read"
        )


def test_a_file_has_to_be_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hush"
    path.touch()
    assert said(ExistingFile, path) == ""

    def refuse(path: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert said(ExistingFile, path) == (
        "Value error, the file may not be read; grant that to this user"
    )


def test_a_home_that_nobody_knows_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container a user need not stand in passwd, nor have HOME."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", str)
    assert said(Folder, "~/state") == (
        "Value error, there is no home folder here; write a path that begins with /"
    )
    assert said(Folder, "/state") == ""
