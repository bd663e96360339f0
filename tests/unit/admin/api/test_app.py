"""Requests made up from the API's own description: none fails, and each answer is described."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.contract.store.scene import ANN, BOB, CID, DAN, ORG
from tests.unit.admin.api.conftest import ADMIN, Api, Filled

EXAMPLES = 15
"""For each operation and way; all of them together take about half a minute."""

THERE = {
    "org": (ORG, "beta", "nope"),
    "user_id": (ANN, BOB, CID, DAN),
    "entry_id": (1, 2, 3),
    "run_id": (1, 2, 3),
}


def about_what_is_there(api: Api) -> Iterator[st.SearchStrategy[Case]]:
    """For each operation, requests as described, for ids that there are, or nearly."""
    for operation in described(api):
        names = [parameter.name for parameter in operation.path_parameters]
        ids = st.fixed_dictionaries({name: st.sampled_from(THERE[name]) for name in names})
        yield ids.flatmap(lambda ids, op=operation: op.as_strategy(path_parameters=ids))


def as_described(api: Api) -> Iterator[st.SearchStrategy[Case]]:
    """For each operation, any requests as described."""
    return (operation.as_strategy() for operation in described(api))


def otherwise(api: Api) -> Iterator[st.SearchStrategy[Case]]:
    """For each operation, requests that are not as described."""
    for operation in described(api):
        if operation.path_parameters or operation.query or operation.body:
            yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def described(api: Api) -> list[schemathesis.APIOperation]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", api.app)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("requests", [about_what_is_there, as_described, otherwise])
def test_no_request_fails_and_no_answer_is_a_surprise(
    api: Api, filled: Filled, requests: object
) -> None:
    headers = {"Authorization": f"Bearer {ADMIN}"}
    for cases in requests(api):  # type: ignore[operator]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @given(cases)
        def call(case: Case) -> None:
            case.call_and_validate(headers=headers)

        call()
