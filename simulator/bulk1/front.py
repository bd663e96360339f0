"""The way of a call to `/services/async`: that of every REST call, with another session header,
other errors and other resources.
"""

from __future__ import annotations

import re
from dataclasses import replace

from simulator.bulk1 import batches, jobs, results
from simulator.bulk1.errors import refusal, told
from simulator.bulk1.orders import wants_json
from simulator.errors import ApiError
from simulator.exchange import Exchange
from simulator.gateway import Gateway
from simulator.rest.call import Answer, Call
from simulator.rest.router import Routes, route, routed
from simulator.rest.versions import check_version

PATH = re.compile(r"/services/async/(\d+\.\d)/(.*)")
ROUTES: Routes = (
    route(r"job", POST=jobs.create),
    route(r"job/(\w+)", GET=jobs.read, POST=jobs.change),
    route(r"job/(\w+)/batch", GET=batches.listing, POST=batches.add),
    route(r"job/(\w+)/batch/(\w+)", GET=batches.read),
    route(r"job/(\w+)/batch/(\w+)/request", GET=batches.request),
    route(r"job/(\w+)/batch/(\w+)/result", GET=results.listing),
    route(r"job/(\w+)/batch/(\w+)/result/(\w+)", GET=results.read),
)


class AsyncGateway(Gateway):
    """The ASGI application under `/services/async`."""

    def session(self, exchange: Exchange) -> str | None:
        """A token of OAuth or of SOAP; `Authorization` is not looked at (documented header)."""
        return exchange.headers.get("x-sfdc-session")

    def writes(self, exchange: Exchange) -> bool:  # noqa: ARG002
        """Batches change records later."""
        return False

    def dispatch(self, call: Call) -> Answer:
        match = PATH.fullmatch(call.path)
        if match is None:
            version = call.path.removeprefix("/services/async").strip("/").partition("/")[0]
            raise refusal("InvalidUrl", f"unknown version: {version}")
        self._check_version(call, match[1])
        call = replace(call, version=match[1])
        path = match[2].rstrip("/")
        answer = routed(call, path, ROUTES)
        if answer is not None:
            return answer
        if path.partition("/")[0] != "job":
            raise refusal("InvalidOperation", f"Unknown operation: {path}")
        raise refusal("InvalidUrl", f"The URI is invalid: {call.path}")

    def refused(self, path: str, headers: dict[str, str], error: ApiError) -> Answer:
        return told(error, as_json=wants_json(self._org, path, headers))

    @staticmethod
    def _check_version(call: Call, version: str) -> None:
        """Which versions there are is REST's affair; wording unconfirmed."""
        try:
            check_version(version, call.org.retired_versions)
        except ApiError as error:
            raise refusal("InvalidVersion", f"Unsupported API version: {version}") from error
