"""By which API a change came, as `changeOrigin` says it.

`com/salesforce/api/rest/62.0;client=NAME` (documented); without a client the last part is left
out, and what the org does by itself has no origin (both unconfirmed).
"""

from __future__ import annotations

import re

OPTION = re.compile(r"\bclient\s*=\s*([^,;]+)", re.IGNORECASE)
VERSION = re.compile(r"/v?(\d+\.\d)(?=/|$)")


def origin(api: str, version: str, call_options: str) -> str:
    client = OPTION.search(call_options)
    told = f";client={client[1].strip()}" if client else ""
    return f"com/salesforce/api/{api}/{version}{told}"


def rest_origin(path: str, headers: dict[str, str]) -> str:
    version = VERSION.search(path)
    return origin("rest", version[1] if version else "", headers.get("sforce-call-options", ""))
