"""The simulated org's answers beside recorded answers of real orgs, shape by shape.

Same keys, types, order and headers.
recorded/*.toml holds what was recorded, with the question to put (`recordings.py` made the shapes).
Keys that the simulator leaves out, or adds, are listed there with the reason.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from string import Template
from typing import Any

import pytest
import requests

from tests.simulator.running import Client, Simulator, iso
from tests.simulator.shapes import differences, read, shape_of

FOLDER = Path(__file__).parent / "recorded"
HEADERS = tomllib.loads((FOLDER / "headers.toml").read_text("utf-8"))
ANSWERS = [
    pytest.param(answer, id=f"{path.stem}: {answer['name']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for answer in tomllib.loads(path.read_text("utf-8")).get("answer", [])
]
CUSTOM = """
name = "Custom__c"
label = "Custom"
plural = "Customs"
prefix = "a00"
deletable = true

[fields]
Name = { type = "string", label = "Custom Name", length = 80, required = true, name_field = true }
Key__c = { type = "string", length = 40, external_id = true, unique = true }
"""
_numbers = count(1)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """More users than a page holds, and an object of the customer's own."""
    folder = tmp_path_factory.mktemp("objects")
    (folder / "Custom__c.toml").write_text(CUSTOM, "utf-8")
    simulator = Simulator("--users", "2300", "--seed", "7", "--objects", str(folder))
    yield simulator
    assert simulator.stop() == 0


class Places:
    """What `$name` stands for in a question; records are made when they are asked for."""

    def __init__(self, org: Simulator, admin: Client) -> None:
        self._org = org
        self._admin = admin

    def __getitem__(self, name: str) -> str:
        if name in self._org.ready:
            return self._org.ready[name]
        return str(getattr(self, name)())

    def username(self) -> str:
        return self._org.ready["admin_username"]

    def password(self) -> str:
        return self._org.ready["admin_password"] + self._org.ready["admin_security_token"]

    def account(self) -> str:
        return self._create("Account", Name="Shapes", Phone="555")

    def user(self) -> str:
        return str(self._org.control("GET", "users?limit=1")["users"][0]["Id"])

    def email(self) -> str:
        return f"shapes.{next(_numbers)}@recorded.example"

    def twice(self) -> str:
        email = self.email()
        for _ in range(2):
            self._create("Contact", LastName="Shapes", Email=email)
        return email

    def next_page(self) -> str:
        query = "SELECT Id, Username FROM User ORDER BY SystemModstamp ASC"
        page = self._admin.call("GET", "query", params={"q": query}).json()
        return str(page["nextRecordsUrl"])

    def start(self) -> str:
        self._admin.call("DELETE", f"sobjects/Account/{self.account()}")
        return iso(time.time() - 300).replace("+", "%2B")

    def end(self) -> str:
        return iso(time.time() + 120).replace("+", "%2B")

    def later(self) -> str:
        return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 86_400))

    def _create(self, sobject: str, **values: str) -> str:
        answer = self._admin.call("POST", f"sobjects/{sobject}", json=values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def filled(value: Any, places: Places) -> Any:
    """The same with every `$name` filled in."""
    if isinstance(value, dict):
        return {key: filled(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, places) for inner in value]
    return Template(value).substitute(places) if isinstance(value, str) else value


def ask(org: Simulator, answer: dict[str, Any]) -> requests.Response:
    admin = org.admin()
    who = {"nobody": org.client(), "expired": org.client("00Dnonsense!expired")}
    question = filled(answer["ask"], Places(org, admin))
    body = {"json": filled(answer["json"], Places(org, admin))} if "json" in answer else {}
    return who.get(answer.get("user", ""), admin).call(
        question["method"], question["path"], data=question.get("form"), **body
    )


def values_at(path: str, value: Any) -> Iterator[Any]:
    """What stands at a path of a shape."""
    head, _, rest = path.partition(".")
    key, items, _ = head.partition("[]")
    inner = value[key] if key else value
    for found in inner if items else [inner]:
        if rest:
            yield from values_at(rest, found)
        else:
            yield found


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_has_the_recorded_shape(org: Simulator, answer: dict[str, Any]) -> None:
    given = ask(org, answer)
    assert given.status_code == answer["status"], given.text
    assert wrong_headers(given, answer["headers"]) == []
    if not answer["shape"]:
        assert given.content == b""
        return
    body = given.json()
    told = differences(
        read(answer["shape"]),
        shape_of(body),
        list(answer.get("left_out", {})),
        list(answer.get("added", {})),
        ordered="unordered" not in answer,
    )
    assert told == []
    for path, value in answer.get("values", {}).items():
        assert list(values_at(path, body)) == [value], path


def wrong_headers(given: requests.Response, groups: list[str]) -> list[str]:
    expected = {name: pattern for group in groups for name, pattern in HEADERS[group].items()}
    return [
        f"{name}: {given.headers.get(name)}"
        for name, pattern in expected.items()
        if not re.fullmatch(pattern, given.headers.get(name, ""))
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"a": 1, "b": [{"c": "x"}]}, []),
        ({"a": 1, "b": []}, []),
        ({"a": None, "b": [{"c": None}]}, []),
        ({"a": 1}, ["missing: b: array", "missing: b[]: object", "missing: b[].c: string"]),
        ({"a": 1, "b": [{"c": "x", "d": 1}]}, ["extra: b[].d: number"]),
        ({"a": "1", "b": []}, ["type: a: recorded number, found string"]),
        ({"b": [], "a": 1}, ["order: b comes where a was recorded"]),
    ],
)
def test_a_difference_is_told(changed: Any, told: list[str]) -> None:
    recorded = shape_of({"a": 1, "b": [{"c": "x"}]})
    assert differences(recorded, shape_of(changed)) == told


def test_header_names_are_written_as_in_reality(org: Simulator) -> None:
    names = list(org.anyone.call("GET", "/services/data").headers)
    assert {"Content-Type", "Content-Length", "Date", "Cache-Control"} <= set(names)
