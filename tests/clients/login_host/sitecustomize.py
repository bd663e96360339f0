"""Salesforce's login hosts are on this machine: all that a client built on requests is told.

Python imports this at its start if the folder is on PYTHONPATH. Clients with a login URL of their
own have `https://login.salesforce.com` in their code; the org's address comes from the answer to
the login, so nothing else needs to be mapped. Neither a call nor an answer is changed.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

ORG = urlsplit(os.environ["SIMULATED_ORG"])
LOGIN_HOSTS = {"login.salesforce.com", "test.salesforce.com"}
_send = requests.adapters.HTTPAdapter.send


def _send_to_the_org(
    adapter: requests.adapters.HTTPAdapter,
    request: requests.PreparedRequest,
    *args: Any,
    **more: Any,
) -> requests.Response:
    asked = urlsplit(request.url or "")
    if asked.hostname in LOGIN_HOSTS:
        request.url = urlunsplit(asked._replace(scheme=ORG.scheme, netloc=ORG.netloc))
    return _send(adapter, request, *args, **more)


requests.adapters.HTTPAdapter.send = _send_to_the_org  # type: ignore[method-assign]
