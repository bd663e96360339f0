"""The sentences of the rules are tested with the rules; here is what they are made of."""

import pytest

from config.policies import load_policy
from sync.findings import finding, labels
from sync.model import EVERY, FindingKind, Licenses
from sync.statement import MESSAGE_LIMIT

NOTICES = ("implied", "removed_with_freedom", "kept_for_swap", "released_inactive")
HINTS = ("interface_without_pbx", "record_needs_group")
REFUSALS = ("unknown", "inactive", "needs_freedom", "not_enabled", "not_in_use")


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (("mutually_exclusive", "both_held"), FindingKind.CONFLICT),
        (REFUSALS, FindingKind.REFUSAL),
        (NOTICES + HINTS, FindingKind.NOTICE),
    ],
)
def test_each_code_has_its_kind(codes: tuple[str, ...], kind: FindingKind) -> None:
    for code in codes:
        assert (
            finding(load_policy(), code, Licenses.from_code("C"), Licenses.from_code("CF")).kind
            is kind
        )


def test_labels_are_listed_as_people_do() -> None:
    assert labels(Licenses.from_code("S")) == "Service Cloud Voice"
    assert labels(Licenses.from_code("CS")) == "CTI and Service Cloud Voice"
    assert labels(Licenses.from_code("CSB")) == "CTI, Service Cloud Voice and Cloud PBX"


@pytest.mark.parametrize("code", ["unknown", "inactive", "released_inactive"])
def test_a_sentence_about_every_license_still_fits_the_record(code: str) -> None:
    assert len(finding(load_policy(), code, EVERY, EVERY).message) <= MESSAGE_LIMIT


def test_an_implied_license_names_only_what_brought_it() -> None:
    granted = Licenses.from_code("CFB")
    said = finding(load_policy(), "implied", Licenses.from_code("C"), granted)
    assert said.message == "CTI comes with Freedom."
