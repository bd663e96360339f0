"""The page that says what there is to call."""

import re

from admin.api.describing import operations
from tests.unit.admin.api.conftest import Api


def page(api: Api) -> str:
    answer = api.ask("GET", "/", token=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    return str(answer.text)


def test_every_operation_is_described_with_an_example(api: Api) -> None:
    text = page(api)
    for method, path in api.operations():
        assert f"{method} {path}</h2>" in text
    assert text.count("<code>curl ") == len(list(api.operations()))


def test_examples_have_no_gaps_and_bodies_that_would_do(api: Api) -> None:
    for operation in operations(api.app.openapi(), "/api"):
        assert ' "$PAGE/api/' in operation.example
        assert "{" not in operation.example.partition("$PAGE")[2]
        assert operation.summary.endswith(".")
    examples = {o.path: o.example for o in operations(api.app.openapi(), "")}
    assert """-d '{"keep": "Freedom"}'""" in examples["/conflicts/{entry_id}/resolve"]
    assert """-d '{"org": "acme"}'""" in examples["/parked/retry"]


def test_it_keeps_to_the_policy_and_to_this_host(api: Api) -> None:
    text = page(api)
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert set(re.findall(r'(?:href|src)="([^"#]*)', text)) <= {
        "", "/static/img/icon.svg", "/static/css/vendor/tabler.min.css", "/static/css/site.css",
        "/access", "/api/openapi.json",
    }  # fmt: skip


def test_the_document_says_where_it_stands_and_that_a_token_is_needed(api: Api) -> None:
    document = api.ask("GET", "/openapi.json", token=None).json()
    assert document["servers"] == [{"url": "/api"}]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"HTTPBearer": []}]
            assert {"401", "403", "404", "409", "422"} <= set(operation["responses"])


def test_no_page_loads_from_another_host(api: Api) -> None:
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        assert api.ask("GET", path).status_code == 404
