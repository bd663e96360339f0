"""Faults of the simulated org, as this run orders them: by kind, strong enough to be felt."""

from collections.abc import Mapping, Sequence
from typing import Any

_FREEDOM = "Effective_Freedom__c"

FAULTS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "api_disabled": [{}],
    "concurrent_limit": [{"share": 0.4}],
    "cut_before": [{"share": 0.4}],
    "daily_limit": [{}],
    "expired_token": [{}],
    "hidden_field": [{"field": _FREEDOM}],
    "html_503": [{"share": 0.4}],
    "lost_answer": [{"share": 0.5}],
    "null_record": [{"share": 0.05}],
    "read_only_field": [{"field": _FREEDOM}],
    "record_error": [{"share": 0.05}],
    "row_lock": [{"share": 0.3}],
    "slow_answer": [{"seconds": 2, "share": 0.3}],
    "slow_commit": [
        {"seconds": 2, "match": {"user": "admin"}, "share": 0.05},
        {"seconds": 2, "share": 0.2},
    ],
    "truncated_json": [{"share": 0.3}],
}

STOPPING = frozenset({"api_disabled", "daily_limit", "hidden_field", "read_only_field"})
"""After these an org rests for long; a person who has mended them says `check`."""
