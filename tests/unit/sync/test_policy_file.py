"""What may be written into a policy file, and every message about what may not."""

import pytest

from sync.model import License, Licenses
from sync.policy import Exclusion, Hint, Implication, Need, Policy, PolicyError, Requirement
from sync.policy_file import parse
from tests.unit.sync.test_policy import FULL, read

NEED = '[features]\nscv = false\n[needs.SCV]\nfeature = "scv"\nrefusal = "not_enabled"\n'
REQUIRES = '[requires.Record]\nlicense = "PBX"\nmessage = "x"\n'
KEYS = "name, about, on_conflict, inactive, features, needs, requires, implies, exclusive, warnings"
LICENSES = "CTI, Freedom, SCV, PBX, ContactCenter, Record, PCI, Insight"


def problems(text: str) -> list[str]:
    """What is wrong with a policy of this text; a name is added."""
    with pytest.raises(PolicyError) as raised:
        read('name = "acme"\n' + text)
    return raised.value.problems


def test_a_policy_file_is_read_whole() -> None:
    assert read(FULL) == Policy(
        name="acme",
        on_conflict="prefer:SCV",
        inactive="release",
        features=(("old", True), ("scv", False)),
        needs=(Need(License.SCV, "scv", "not_enabled", "No SCV."),),
        requires=(
            Requirement(License.CTI, License.FREEDOM, "old", "needs_freedom", "CTI needs Freedom."),
            Requirement(License.RECORD, License.PBX, None, "needs_pbx", "Record needs PBX."),
        ),
        implies=(Implication(License.FREEDOM, Licenses.of(License.CTI)),),
        exclusive=Exclusion(Licenses.from_code("FS"), Licenses.from_code("F")),
        hints=(
            Hint("interface_without_pbx", Licenses.from_code("CS"), License.PBX, "No PBX."),
            Hint("record_needs_group", Licenses.from_code("R"), None, "No group."),
        ),
    )


def test_a_policy_needs_only_a_name() -> None:
    assert read('name = "a"') == Policy("a", "hold", "keep", (), (), (), (), None, ())


def test_sections_are_in_catalogue_order_however_they_are_written() -> None:
    policy = read('name = "a"\n[implies]\nRecord = ["PCI"]\nCTI = ["PBX"]')
    assert [i.license for i in policy.implies] == [License.CTI, License.RECORD]


def test_either_warning_may_be_left_out() -> None:
    group = '[warnings.record_needs_group]\nany_of = ["PCI"]\nmessage = "x"'
    assert [hint.code for hint in read(f'name = "a"\n{group}').hints] == ["record_needs_group"]


WRONG: dict[str, tuple[str, list[str]]] = {
    "unknown key": ('zzz = "x"', [f"zzz: unknown key; remove it, or write one of {KEYS}."]),
    "misspelt key": (
        "implied = 1",
        ['implied: unknown key; remove it, or did you mean "implies"?'],
    ),
    "about": ("about = 1", ["about: write text in quotes instead of a number."]),
    "options": (
        'on_conflict = "prefer:Freedom"\ninactive = "zzz"',
        [
            'inactive: unknown value "zzz"; write one of keep, release.',
            'on_conflict: unknown value "prefer:Freedom"; write one of hold.',
        ],
    ),
    "types of options": (
        "on_conflict = 1\ninactive = true",
        [
            "on_conflict: write text in quotes instead of a number.",
            "inactive: write text in quotes instead of true or false.",
        ],
    ),
    "name of a feature": (
        "[features]\nBig = true",
        ["features.Big: use only lower-case letters, digits and underscores."],
    ),
    "type of a feature": (
        '[features]\nscv = "yes"\npci = 1.5\nold = 2020-01-01',
        [
            "features.scv: write true or false instead of text in quotes.",
            "features.pci: write true or false instead of a number.",
            "features.old: write true or false instead of a date or time.",
        ],
    ),
    "type of a section": (
        "features = 1\nneeds = []\nwarnings = true",
        [
            "features: write a table instead of a number.",
            "needs: write a table instead of a list in brackets.",
            "warnings: write a table instead of true or false.",
        ],
    ),
    "unknown license as a key": (
        "[implies]\nfreedom = []\nZ = []",
        [
            'implies.freedom: unknown license "freedom"; did you mean "Freedom"?',
            f'implies.Z: unknown license "Z"; write one of {LICENSES}.',
        ],
    ),
    "entry of an unknown license": (
        '[needs.Z]\nfeature = "x"\nrefusal = "not_in_use"\nmessage = ""',
        [
            f'needs.Z: unknown license "Z"; write one of {LICENSES}.',
            "needs.Z.message: write one line of 1 to 200 characters.",
        ],
    ),
    "need that is no table": (
        "[needs]\nSCV = 1",
        [
            "needs.SCV: write a table instead of a number.",
            "needs.SCV.feature: is missing; add it as text in quotes.",
            "needs.SCV.refusal: is missing; add it as text in quotes.",
            "needs.SCV.message: is missing; add it as text in quotes.",
        ],
    ),
    "need": (
        NEED.replace("not_enabled", "not_enable") + 'massage = "x"\nmessage = ""',
        [
            'needs.SCV.massage: unknown key; remove it, or did you mean "message"?',
            "needs.SCV.message: write one line of 1 to 200 characters.",
            'needs.SCV.refusal: unknown refusal "not_enable"; did you mean "not_enabled"?',
        ],
    ),
    "unknown refusal": (
        NEED.replace("not_enabled", "zzz") + 'message = "x"',
        ['needs.SCV.refusal: unknown refusal "zzz"; write one of not_enabled, not_in_use.'],
    ),
    "message of two lines": (
        NEED + 'message = "a\\nb"',
        ["needs.SCV.message: write one line of 1 to 200 characters."],
    ),
    "message that is too long": (
        NEED + f'message = "{"a" * 201}"',
        ["needs.SCV.message: write one line of 1 to 200 characters."],
    ),
    "type of a message": (
        NEED + "message = []",
        ["needs.SCV.message: write text in quotes instead of a list in brackets."],
    ),
    "requirement": (
        REQUIRES + 'refusal = "needs_freedom"\nunles = "x"\nunless = "old"',
        [
            'requires.Record.unles: unknown key; remove it, or did you mean "unless"?',
            'requires.Record.refusal: unknown refusal "needs_freedom"; write one of needs_pbx.',
            'requires.Record.unless: unknown feature "old"; declare it under [features].',
        ],
    ),
    "requirement of nothing": (
        "[requires.Record]\nunless = 1",
        [
            "requires.Record.license: is missing; add it as text in quotes.",
            "requires.Record.unless: write text in quotes instead of a number.",
            "requires.Record.refusal: is missing; add it as text in quotes.",
            "requires.Record.message: is missing; add it as text in quotes.",
        ],
    ),
    "requirement of no license": (
        '[requires.Record]\nlicense = "PBS"\nrefusal = "x"\nmessage = "x"',
        ['requires.Record.license: unknown license "PBS"; did you mean "PBX"?'],
    ),
    "implication": (
        '[implies]\nFreedom = ["CTO", "PBX", "PBX", 3]\nSCV = "CTI"',
        [
            'implies.Freedom: unknown license "CTO"; did you mean "CTI"?',
            "implies.Freedom: names PBX twice; remove one of the two.",
            "implies.Freedom: write text in quotes instead of a number.",
            "implies.SCV: write a list in brackets instead of text in quotes.",
        ],
    ),
    "exclusive that is no table": (
        "exclusive = []",
        [
            "exclusive: write a table instead of a list in brackets.",
            "exclusive.licenses: is missing; add it as a list in brackets.",
        ],
    ),
    "exclusion of one": (
        'on_conflict = "prefer:Freedom"\n[exclusive]\nlicenses = ["SCV"]\nfoo = 1',
        [
            "exclusive.foo: unknown key; remove it, or write one of licenses, keep_for_swap.",
            "exclusive.licenses: name exactly two licenses.",
        ],
    ),
    "exclusion of three": (
        '[exclusive]\nlicenses = ["SCV", "Freedom", "PBX"]',
        ["exclusive.licenses: name exactly two licenses."],
    ),
    "exclusion of itself": (
        '[exclusive]\nlicenses = ["SCV", "SCV"]',
        ["exclusive.licenses: names SCV twice; remove one of the two."],
    ),
    "swap": (
        '[exclusive]\nlicenses = ["SCV", "PBX"]\nkeep_for_swap = ["CTI", "SCV", "SCV"]',
        [
            "exclusive.keep_for_swap: names SCV twice; remove one of the two.",
            "exclusive.keep_for_swap: CTI is not one of exclusive.licenses; remove it.",
        ],
    ),
    "warning": (
        (
            "[warnings.no_pbx]\n[warnings.record_needs_group]\nwithout = 1\n"
            '[warnings.interface_without_pbx]\nany_of = ["PBX"]\nwithout = "pbx"\n'
            'message = "x"\nz = 1'
        ),
        [
            (
                "warnings.no_pbx: unknown key; remove it, or write one of interface_without_pbx, "
                "record_needs_group."
            ),
            (
                "warnings.interface_without_pbx.z: unknown key; remove it, or write one of any_of, "
                "without, message."
            ),
            'warnings.interface_without_pbx.without: unknown license "pbx"; did you mean "PBX"?',
            (
                "warnings.record_needs_group.without: unknown key; remove it, or write one of "
                "any_of, message."
            ),
            "warnings.record_needs_group.any_of: is missing; add it as a list in brackets.",
            "warnings.record_needs_group.message: is missing; add it as text in quotes.",
        ],
    ),
    "warning without what is missing": (
        '[warnings.interface_without_pbx]\nany_of = ["PBX"]\nmessage = "x"',
        ["warnings.interface_without_pbx.without: is missing; add it as text in quotes."],
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_everything_that_is_wrong_is_told_with_file_key_and_mend(what: str) -> None:
    text, expected = WRONG[what]
    assert problems(text) == [f"acme.toml: {problem}" for problem in expected]


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a\n"])
def test_a_name_has_to_fit_a_version(name: str) -> None:
    with pytest.raises(PolicyError) as raised:
        parse({"name": name}, "acme.toml")
    assert raised.value.problems == [
        "acme.toml: name: use only lower-case letters, digits, dots and dashes."
    ]


def test_a_policy_without_a_name_says_so() -> None:
    with pytest.raises(PolicyError) as raised:
        parse({}, "acme.toml")
    assert raised.value.problems == ["acme.toml: name: is missing; add it as text in quotes."]


def test_a_message_of_200_characters_is_just_allowed() -> None:
    policy = read(f'name = "acme"\n{NEED}message = "{"a" * 200}"')
    assert policy.needs[0].message == "a" * 200
