"""Runs in aiosalesforce's environment: the flow that the first argument names, result as JSON.

The client takes only `*.my.salesforce.com` as an org; a transport carries those calls to the
simulated one, unchanged.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from typing import Any

import httpx
from aiosalesforce import Salesforce
from aiosalesforce.auth import Auth, ClientCredentialsFlow, JwtBearerFlow, SoapLogin
from aiosalesforce.exceptions import SalesforceError

ORG = httpx.URL(os.environ["SIMULATED_ORG"])
DOMAIN = "https://simulated.my.salesforce.com"


class ToTheOrg(httpx.AsyncHTTPTransport):
    """My Domain is on this machine."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme=ORG.scheme, host=ORG.host, port=ORG.port)
        return await super().handle_async_request(request)


async def reads(sf: Salesforce, order: dict[str, Any]) -> dict[str, Any]:
    ids = [record["Id"] async for record in sf.query("SELECT Id FROM User ORDER BY Id")]
    return {
        "ids": ids,
        "limits": await sf.get_limits(),
        "user": await sf.sobject.get("User", order["ids"][0], fields=["Id", "Username"]),
    }


async def writes(sf: Salesforce, order: dict[str, Any]) -> dict[str, Any]:
    one, two = order["ids"]
    await sf.sobject.update("User", one, {"Title": "señor 王"})
    async with sf.composite.batch() as batch:
        changed = batch.sobject.update("User", two, {"Title": "batch"})
        read = batch.sobject.get("User", one)
    async with sf.composite(all_or_none=True) as composite:
        found = composite.query(f"SELECT Id FROM User WHERE Id = '{one}'")
        again = composite.sobject.update(
            "User", str(found.reference.records[0].Id), {"Title": "composite"}
        )
    return {
        "batch": [changed.status_code, read.record["Title"]],
        "composite": [found.records[0]["Id"], again.status_code],
        "refused": await refusal(sf.sobject.update("User", one, {"Nope__c": 1})),
    }


async def bulk(sf: Salesforce, order: dict[str, Any]) -> dict[str, Any]:
    rows = [{"Id": one, "Title": "bulk, “here”"} for one in [*order["ids"], order["unknown"]]]
    done = await sf.bulk_v2.update("User", rows)
    return {
        "states": [job.state for job in done.jobs],
        "successful_results": done.successful_results,
        "failed_results": done.failed_results,
    }


async def refusal(call: Any) -> dict[str, Any]:
    try:
        await call
    except SalesforceError as error:
        return {"kind": type(error).__name__, "code": error.error_code}
    return {}


FLOWS = {"reads": reads, "writes": writes, "bulk": bulk}


def login(order: dict[str, Any]) -> Auth:
    ways = {
        "client_credentials": ClientCredentialsFlow,
        "jwt": JwtBearerFlow,
        "soap": SoapLogin,
    }
    return ways[order["login"]](**order["credentials"])


async def main() -> None:
    order = json.load(sys.stdin)
    transport = ToTheOrg(verify=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    async with httpx.AsyncClient(transport=transport, timeout=60) as client:
        sf = Salesforce(client, DOMAIN, login(order), version="60.0")
        json.dump(await FLOWS[sys.argv[1]](sf, order), sys.stdout)


asyncio.run(main())
