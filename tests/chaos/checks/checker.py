"""All invariants, on the evidence of one run."""

from tests.chaos.checks.evidence import Evidence
from tests.chaos.checks.following import follow
from tests.chaos.checks.history import check_history
from tests.chaos.checks.log import check_log
from tests.chaos.checks.others import check_isolation, check_secrets, check_twice
from tests.chaos.checks.records import check_records
from tests.chaos.checks.verdict import Verdict


def check(evidence: Evidence) -> Verdict:
    """What is wrong, invariant by invariant."""
    verdict, trails = Verdict(), follow(evidence)
    check_records(verdict, evidence, trails)
    check_log(verdict, evidence, trails)
    check_history(verdict, evidence, trails)
    check_twice(verdict, evidence)
    check_isolation(verdict, evidence)
    check_secrets(verdict, evidence)
    return verdict
