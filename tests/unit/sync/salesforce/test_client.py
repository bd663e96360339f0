from typing import Any

import pytest

from sync.errors import CallFailed, Remedy


@pytest.mark.parametrize(
    "body", ["<html>x</html>", "", '{"a":', "7", "null", "true", "[" * 100_000]
)
def test_what_is_not_the_json_that_is_due_is_a_failed_read(org: Any, body: str) -> None:
    org.logs_in()
    org.answers("GET", "sobjects/User/describe", body)
    with pytest.raises(CallFailed) as caught:
        org.gateway().check_schema()
    assert caught.value.failure.remedy is Remedy.RETRY
    assert caught.value.failure.code == "odd_answer"
    assert caught.value.__cause__ is None


def test_the_api_version_is_the_connections(org: Any) -> None:
    org.logs_in()
    org.answers("GET", f"{org.instance}/services/data/v64.0/sobjects/User/describe", [], 404)
    with pytest.raises(CallFailed):
        org.gateway(api_version="64.0").check_schema()
    assert len(org.requests("/v64.0/")) == 1
