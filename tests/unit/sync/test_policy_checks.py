"""What a policy may not say together, and what it just may."""

import pytest

from tests.unit.sync.test_policy import read
from tests.unit.sync.test_policy_file import NEED, REQUIRES, problems

EXCLUSIVE = '[exclusive]\nlicenses = ["Freedom", "SCV"]\n'
WRONG: dict[str, tuple[str, list[str]]] = {
    "need of an unknown feature": (
        NEED.replace('feature = "scv"', 'feature = "svc"') + 'message = "x"',
        ['needs.SCV.feature: unknown feature "svc"; did you mean "scv"?'],
    ),
    "need without features": (
        '[needs.SCV]\nfeature = "scv"\nrefusal = "not_enabled"\nmessage = "x"',
        ['needs.SCV.feature: unknown feature "scv"; declare it under [features].'],
    ),
    "requirement of itself": (
        '[requires.PBX]\nlicense = "PBX"\nrefusal = "needs_pbx"\nmessage = "x"',
        ["requires.PBX: PBX requires itself (PBX -> PBX); remove one step."],
    ),
    "requirement of one that excludes": (
        '[exclusive]\nlicenses = ["Record", "SCV"]\n' + REQUIRES + 'refusal = "needs_pbx"',
        [
            (
                "requires.Record: Record is one of exclusive.licenses, which may not require "
                "another; remove it."
            )
        ],
    ),
    "implication cycle": (
        (
            '[implies]\nSCV = ["PBX"]\nPBX = ["Record", "PCI"]\nPCI = ["Record", "SCV"]\n'
            'Insight = ["Insight"]\nCTI = ["PCI"]'
        ),
        [
            "implies.SCV: SCV implies itself (SCV -> PBX -> PCI -> SCV); remove one step.",
            "implies.Insight: Insight implies itself (Insight -> Insight); remove one step.",
        ],
    ),
    "cycles that are not told again at their other licenses": (
        '[implies]\nSCV = ["PCI"]\nPCI = ["SCV"]\nPBX = ["PBX"]',
        [
            "implies.SCV: SCV implies itself (SCV -> PCI -> SCV); remove one step.",
            "implies.PBX: PBX implies itself (PBX -> PBX); remove one step.",
        ],
    ),
    "implication of what it excludes": (
        EXCLUSIVE + '[implies]\nFreedom = ["SCV"]',
        [
            (
                "implies.Freedom: Freedom implies SCV, which it excludes; "
                "remove SCV here or from exclusive."
            )
        ],
    ),
    "implication of what it excludes at a remove": (
        EXCLUSIVE + '[implies]\nSCV = ["CTI"]\nCTI = ["PBX"]\nPBX = ["Freedom"]',
        [
            (
                "implies.CTI: CTI implies Freedom (CTI -> PBX -> Freedom), which excludes another "
                "license; ask for Freedom by itself."
            ),
            (
                "implies.SCV: SCV implies Freedom (SCV -> CTI -> PBX -> Freedom), which it "
                "excludes; "
                "remove Freedom here or from exclusive."
            ),
            (
                "implies.PBX: PBX implies Freedom, which excludes another license; "
                "ask for Freedom by itself."
            ),
        ],
    ),
    "implication past a need": (
        NEED + 'message = "x"\n[implies]\nPBX = ["SCV"]',
        [
            (
                'implies.PBX: SCV needs the feature "scv" and would come without it; '
                "give PBX the same need, or do not imply SCV."
            )
        ],
    ),
    "implication past a requirement": (
        '[implies]\nInsight = ["Record"]\n' + REQUIRES + 'refusal = "needs_pbx"',
        [
            (
                "implies.Insight: Record requires PBX and would come without it; "
                "imply PBX too, or do not imply Record."
            )
        ],
    ),
    "implication past the second requirement": (
        '[implies]\nInsight = ["Record"]\n' + REQUIRES + 'refusal = "needs_pbx"\n'
        '[requires.CTI]\nlicense = "PCI"\nrefusal = "needs_pci"\nmessage = "x"',
        [
            (
                "implies.Insight: Record requires PBX and would come without it; "
                "imply PBX too, or do not imply Record."
            )
        ],
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_every_contradiction_is_told_with_file_key_and_mend(what: str) -> None:
    text, expected = WRONG[what]
    assert problems(text) == [f"acme.toml: {problem}" for problem in expected]


ALLOWED = {
    "implied with the same need": NEED
    + 'message = "x"\n[needs.PBX]\nfeature = "scv"\nrefusal = "not_in_use"\nmessage = "x"\n'
    '[implies]\nPBX = ["SCV"]',
    "implied with what it requires": '[implies]\nInsight = ["Record", "PBX"]\n'
    + REQUIRES
    + 'refusal = "needs_pbx"',
    "implied by what it requires": '[implies]\nPBX = ["Record"]\n'
    + REQUIRES
    + 'refusal = "needs_pbx"',
    "implied by one of a pair": EXCLUSIVE + '[implies]\nSCV = ["CTI"]',
    "required by another is one of a pair": '[exclusive]\nlicenses = ["PBX", "SCV"]\n'
    + REQUIRES
    + 'refusal = "needs_pbx"',
}


@pytest.mark.parametrize("what", ALLOWED)
def test_what_is_just_allowed(what: str) -> None:
    assert read('name = "acme"\n' + ALLOWED[what]).name == "acme"
