"""What the simulated org can be told to do wrong, as this run orders it: strong enough to be felt.

The keys are the simulator's kinds (its README); automations have theirs after `automation: `.
"""

from collections.abc import Mapping, Sequence
from typing import Any

AUTOMATION = "automation: "
_FREEDOM = "Effective_Freedom__c"
_OURS = {"by": "integration", "share": 0.2}
_WRITES = {"path": "composite", "method": "PATCH"}

FAULTS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "answer": [{"body": {"surprise": True}, "share": 0.6}],
    "api_disabled": [{}],
    "concurrent_limit": [{"share": 0.7}],
    "cut_answer": [{"share": 0.7}],
    "cut_before": [{"share": 0.7}],
    "daily_limit": [{}],
    "empty_body": [{"status": 429, "share": 0.6}],
    "error": [{"code": "SERVER_UNAVAILABLE", "share": 0.7}],
    "expired_token": [{}],
    "extra_item": [{"share": 0.6}],
    "hidden_field": [{"field": _FREEDOM}],
    "html": [{"share": 0.6}, {"share": 0.6, "committed": True, "match": _WRITES}],
    "html_503": [{"share": 0.7}],
    "lost_answer": [{"share": 0.8}],
    "lost_item": [{"share": 0.6}],
    "no_access": [{}],
    "null_record": [{"share": 0.1}],
    "other_shape": [{"share": 0.6}],
    "read_only_field": [{"field": _FREEDOM}],
    "record_error": [{"share": 0.1}],
    "removed_field": [{"field": _FREEDOM}],
    "row_lock": [{"share": 0.6}],
    "slow_answer": [{"seconds": 2, "share": 0.6}],
    "slow_commit": [
        {"seconds": 2, "match": {"user": "admin"}, "share": 0.05},
        {"seconds": 2, "share": 0.4},
    ],
    "slow_drip": [{"seconds": 2, "share": 0.6}],
    "slow_first_byte": [{"seconds": 2, "share": 0.6}],
    "swapped_items": [{"share": 0.6}],
    "truncated_json": [{"share": 0.6}],
    "wrong_content_type": [{"share": 0.5}],
    "wrong_id": [{"share": 0.6}],
    f"{AUTOMATION}editing": [
        {"field": "Requested_PBX__c", "sets": {"Effective_PBX__c": True}, "seconds": 1},
    ],
    f"{AUTOMATION}failing_trigger": [{"cause": "row_lock", "when": _OURS}],
    f"{AUTOMATION}reverting": [
        {"field": "Effective_PBX__c", "when": _OURS},
        {"field": ["Effective_Record__c"], "seconds": 1, "when": _OURS},
    ],
    f"{AUTOMATION}validation_rule": [
        {"formula": "Effective_Insight__c", "message": "No Insight.", "when": _OURS}
    ],
}

NO_RIGHTS = "no_access"
"""To the object: its changes are not told meanwhile, and not later."""

STOPPING = frozenset(
    {"api_disabled", "daily_limit", "hidden_field", "no_access", "read_only_field", "removed_field"}
)
"""After these an org rests for long; a person who has mended them says `check`."""
