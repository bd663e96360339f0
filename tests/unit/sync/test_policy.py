"""What a policy means, and what is said about one that is wrong."""

import copy
import pickle
import tomllib

import pytest

from config.policies import load_policy
from sync.model import License, Licenses
from sync.policy import (
    Exclusion,
    Hint,
    Implication,
    Need,
    Policy,
    PolicyError,
    Requirement,
    conflict_options,
    needs_code,
    removed_code,
)
from sync.policy_file import parse

FULL = """
name = "acme"
about = "Ours"
on_conflict = "prefer:SCV"
inactive = "release"
[features]
scv = false
old = true
[needs.SCV]
feature = "scv"
refusal = "not_enabled"
message = "No SCV."
[requires.CTI]
license = "Freedom"
unless = "old"
refusal = "needs_freedom"
message = "CTI needs Freedom."
[requires.Record]
license = "PBX"
refusal = "needs_pbx"
message = " Record needs PBX. "
[implies]
Freedom = ["CTI"]
[exclusive]
licenses = ["SCV", "Freedom"]
keep_for_swap = ["Freedom"]
[warnings.interface_without_pbx]
any_of = ["CTI", "SCV"]
without = "PBX"
message = "No PBX."
[warnings.record_needs_group]
any_of = ["Record"]
message = "No group."
"""


def read(text: str) -> Policy:
    return parse(tomllib.loads(text), "acme.toml")


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
        exclusive=Exclusion(
            Licenses.of(License.FREEDOM, License.SCV), Licenses.of(License.FREEDOM)
        ),
        hints=(
            Hint(
                "interface_without_pbx",
                Licenses.of(License.CTI, License.SCV),
                License.PBX,
                "No PBX.",
            ),
            Hint("record_needs_group", Licenses.of(License.RECORD), None, "No group."),
        ),
    )


def test_a_policy_needs_only_a_name() -> None:
    policy = read('name = "a"')
    assert policy == Policy("a", "hold", "keep", (), (), (), (), None, ())


def test_sections_are_in_catalogue_order_however_they_are_written() -> None:
    policy = read('name = "a"\n[implies]\nRecord = ["PCI"]\nCTI = ["PBX"]')
    assert [i.license for i in policy.implies] == [License.CTI, License.RECORD]


# What it means


def test_the_meaning_does_not_depend_on_comments_order_or_name() -> None:
    other = tomllib.loads(FULL)
    other["name"], other["about"] = "other", "Theirs"
    other["exclusive"]["licenses"].reverse()
    turned = parse(dict(reversed(other.items())), "other.toml")
    assert turned.canonical() == read(FULL).canonical()
    assert turned.version.partition("@")[2] == read(FULL).version.partition("@")[2]


CHANGES: list[tuple[tuple[str, ...], object]] = [
    (("on_conflict",), "hold"),
    (("inactive",), "keep"),
    (("features", "scv"), True),
    (("needs", "SCV", "feature"), "old"),
    (("needs", "SCV", "refusal"), "not_in_use"),
    (("needs", "SCV", "message"), "Other."),
    (("requires", "Record", "license"), "Insight"),
    (("requires", "CTI", "unless"), "scv"),
    (("requires", "CTI", "message"), "Other."),
    (("implies", "Insight"), ["PCI"]),
    (("exclusive", "keep_for_swap"), ["SCV"]),
    (("warnings", "interface_without_pbx", "any_of"), ["SCV"]),
    (("warnings", "interface_without_pbx", "without"), "Insight"),
    (("warnings", "interface_without_pbx", "message"), "Other."),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_every_change_of_meaning_changes_the_version(path: tuple[str, ...], value: object) -> None:
    data = tomllib.loads(FULL)
    table = data
    for step in path[:-1]:
        table = table[step]
    table[path[-1]] = value
    if path[:2] == ("requires", "Record"):
        data["requires"]["Record"]["refusal"] = "needs_insight"
    assert parse(data, "acme.toml").version != read(FULL).version


def test_the_canonical_text_and_the_version_stay_what_they_are() -> None:
    policy = read('name = "acme"\n[implies]\nFreedom = ["CTI"]\n[features]\nb = true\na = false')
    assert policy.canonical() == (
        '{"exclusive":null,"features":{"a":false,"b":true},"implies":{"Freedom":["CTI"]},'
        '"inactive":"keep","needs":{},"on_conflict":"hold","requires":{},"warnings":{}}'
    )
    assert policy.version == "acme@91d5e9fb"


def test_the_meaning_is_plain_values_under_the_files_own_names() -> None:
    assert read(FULL).meaning() == {
        "on_conflict": "prefer:SCV",
        "inactive": "release",
        "features": {"old": True, "scv": False},
        "needs": {"SCV": ["scv", "not_enabled", "No SCV."]},
        "requires": {
            "CTI": ["Freedom", "old", "needs_freedom", "CTI needs Freedom."],
            "Record": ["PBX", None, "needs_pbx", "Record needs PBX."],
        },
        "implies": {"Freedom": ["CTI"]},
        "exclusive": [["Freedom", "SCV"], ["Freedom"]],
        "warnings": {
            "interface_without_pbx": [["CTI", "SCV"], "PBX", "No PBX."],
            "record_needs_group": [["Record"], None, "No group."],
        },
    }


def test_a_policy_is_a_value() -> None:
    assert hash(read(FULL)) == hash(read(FULL))
    assert pickle.loads(pickle.dumps(read(FULL))) == read(FULL)
    assert copy.copy(PolicyError(["a", "b"])).problems == ["a", "b"]


def test_options_replace_what_the_file_says() -> None:
    policy = read(FULL)
    assert policy.with_options() == policy
    assert policy.with_options(on_conflict="hold").on_conflict == "hold"
    assert policy.with_options(on_conflict="hold").inactive == "release"
    assert policy.with_options(inactive="keep").inactive == "keep"
    assert policy.with_options(inactive="keep").on_conflict == "prefer:SCV"


def test_options_that_the_policy_does_not_know_are_refused_together() -> None:
    with pytest.raises(PolicyError) as raised:
        read(FULL).with_options(on_conflict="prefer:PBX", inactive="kep")
    assert raised.value.problems == [
        'policy acme: on_conflict: unknown value "prefer:PBX"; did you mean "prefer:SCV"?',
        'policy acme: inactive: unknown value "kep"; did you mean "keep"?',
    ]
    assert str(raised.value) == "\n".join(raised.value.problems)


def test_features_are_the_policys_defaults_and_the_orgs_own() -> None:
    assert read(FULL).features_of([]) == {"old"}
    assert read(FULL).features_of(["scv", "scv"]) == {"old", "scv"}


def test_features_that_the_policy_does_not_declare_are_refused_together() -> None:
    with pytest.raises(PolicyError) as raised:
        read(FULL).features_of(["svc", "xyz", "xyz"])
    assert raised.value.problems == [
        'policy acme: features: unknown feature "svc"; did you mean "scv"?',
        'policy acme: features: unknown feature "xyz"; write one of old, scv.',
    ]
    with pytest.raises(PolicyError, match='unknown feature "scv"; declare it under .features.'):
        read('name = "a"').features_of(["scv"])


def test_a_preference_is_for_one_of_the_pair() -> None:
    assert conflict_options(read(FULL).exclusive) == ("hold", "prefer:Freedom", "prefer:SCV")
    assert conflict_options(None) == ("hold",)


def test_codes_are_made_of_license_names() -> None:
    assert [needs_code(name) for name in License] == [
        "needs_cti",
        "needs_freedom",
        "needs_scv",
        "needs_pbx",
        "needs_contact_center",
        "needs_record",
        "needs_pci",
        "needs_insight",
    ]
    assert removed_code(License.CONTACT_CENTER) == "removed_with_contact_center"


def test_what_comes_with_a_license_is_followed_to_the_end() -> None:
    policy = read('name = "a"\n[implies]\nPBX = ["Record"]\nRecord = ["PCI"]\nPCI = ["Insight"]')
    assert policy.comes_with(License.PBX).names == ["Record", "PCI", "Insight"]
    assert policy.comes_with(License.CTI).names == []


# What is wrong: every message, whole. The key is where it is, the end says the mend.

NEED = '[features]\nscv = false\n[needs.SCV]\nfeature = "scv"\nrefusal = "not_enabled"\n'
REQUIRES = '[requires.Record]\nlicense = "PBX"\nmessage = "x"\n'
KEYS = "name, about, on_conflict, inactive, features, needs, requires, implies, exclusive, warnings"
LICENSES = "CTI, Freedom, SCV, PBX, ContactCenter, Record, PCI, Insight"
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
            'on_conflict: unknown value "prefer:Freedom"; write one of hold.',
            'inactive: unknown value "zzz"; write one of keep, release.',
        ],
    ),
    "option types": (
        "on_conflict = 1\ninactive = true",
        [
            "on_conflict: write text in quotes instead of a number.",
            "inactive: write text in quotes instead of true or false.",
        ],
    ),
    "feature name": (
        "[features]\nBig = true",
        ["features.Big: use only lower-case letters, digits and underscores."],
    ),
    "feature type": (
        '[features]\nscv = "yes"\npci = 1.5\nold = 2020-01-01',
        [
            "features.scv: write true or false instead of text in quotes.",
            "features.pci: write true or false instead of a number.",
            "features.old: write true or false instead of a date or time.",
        ],
    ),
    "section type": (
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
    "need entry type": (
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
    "refusal far off": (
        NEED.replace("not_enabled", "zzz") + 'message = "x"',
        ['needs.SCV.refusal: unknown refusal "zzz"; write one of not_enabled, not_in_use.'],
    ),
    "need of an unknown feature": (
        NEED.replace('feature = "scv"', 'feature = "svc"') + 'message = "x"',
        ['needs.SCV.feature: unknown feature "svc"; did you mean "scv"?'],
    ),
    "need without features": (
        '[needs.SCV]\nfeature = "scv"\nrefusal = "not_enabled"\nmessage = "x"',
        ['needs.SCV.feature: unknown feature "scv"; declare it under [features].'],
    ),
    "message of two lines": (
        NEED + 'message = "a\\nb"',
        ["needs.SCV.message: write one line of 1 to 200 characters."],
    ),
    "message too long": (
        NEED + f'message = "{"a" * 201}"',
        ["needs.SCV.message: write one line of 1 to 200 characters."],
    ),
    "message type": (
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
    "requirement of itself": (
        '[requires.PBX]\nlicense = "PBX"\nrefusal = "needs_pbx"\nmessage = "x"',
        ["requires.PBX: PBX requires itself (PBX -> PBX); remove one step."],
    ),
    "requirement of one that excludes": (
        '[exclusive]\nlicenses = ["Record", "SCV"]\n' + REQUIRES + 'refusal = "needs_pbx"',
        [
            "requires.Record: Record is one of exclusive.licenses, which may not require "
            "another; remove it."
        ],
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
    "implication cycle": (
        '[implies]\nSCV = ["PBX"]\nPBX = ["Record", "PCI"]\nPCI = ["Record", "SCV"]\n'
        'Insight = ["Insight"]\nCTI = ["PCI"]',
        [
            "implies.SCV: SCV implies itself (SCV -> PBX -> PCI -> SCV); remove one step.",
            "implies.Insight: Insight implies itself (Insight -> Insight); remove one step.",
        ],
    ),
    "implication of what it excludes": (
        '[exclusive]\nlicenses = ["Freedom", "SCV"]\n[implies]\nFreedom = ["SCV"]',
        [
            "implies.Freedom: Freedom implies SCV, which it excludes; "
            "remove SCV here or from exclusive."
        ],
    ),
    "implication of what it excludes at a remove": (
        '[exclusive]\nlicenses = ["Freedom", "SCV"]\n'
        '[implies]\nSCV = ["CTI"]\nCTI = ["PBX"]\nPBX = ["Freedom"]',
        [
            "implies.CTI: CTI implies Freedom (CTI -> PBX -> Freedom), which excludes another "
            "license; ask for Freedom by itself.",
            "implies.SCV: SCV implies Freedom (SCV -> CTI -> PBX -> Freedom), which it excludes; "
            "remove Freedom here or from exclusive.",
            "implies.PBX: PBX implies Freedom, which excludes another license; "
            "ask for Freedom by itself.",
        ],
    ),
    "implication past a need": (
        NEED + 'message = "x"\n[implies]\nPBX = ["SCV"]',
        [
            'implies.PBX: SCV needs the feature "scv" and would come without it; '
            "give PBX the same need, or do not imply SCV."
        ],
    ),
    "implication past a requirement": (
        '[implies]\nInsight = ["Record"]\n' + REQUIRES + 'refusal = "needs_pbx"',
        [
            "implies.Insight: Record requires PBX and would come without it; "
            "imply PBX too, or do not imply Record."
        ],
    ),
    "exclusive type": (
        "exclusive = []",
        [
            "exclusive: write a table instead of a list in brackets.",
            "exclusive.licenses: is missing; add it as a list in brackets.",
        ],
    ),
    "exclusion of one": (
        '[exclusive]\nlicenses = ["SCV"]\nkeep = 1',
        [
            "exclusive.keep: unknown key; remove it, or write one of licenses, keep_for_swap.",
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
        "[warnings.no_pbx]\n[warnings.record_needs_group]\nwithout = 1\n"
        '[warnings.interface_without_pbx]\nany_of = ["PBX"]\nwithout = "pbx"\nmessage = "x"',
        [
            "warnings.no_pbx: unknown key; remove it, or write one of interface_without_pbx, "
            "record_needs_group.",
            'warnings.interface_without_pbx.without: unknown license "pbx"; did you mean "PBX"?',
            "warnings.record_needs_group.without: unknown key; remove it, or write one of "
            "any_of, message.",
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


ALLOWED = {
    "message of 200 characters": NEED + f'message = "{"a" * 200}"',
    "implied with the same need": NEED
    + 'message = "x"\n[needs.PBX]\nfeature = "scv"\nrefusal = "not_in_use"\nmessage = "x"\n'
    '[implies]\nPBX = ["SCV"]',
    "implied with what it requires": '[implies]\nInsight = ["Record", "PBX"]\n'
    + REQUIRES
    + 'refusal = "needs_pbx"',
    "implied by what it requires": '[implies]\nPBX = ["Record"]\n'
    + REQUIRES
    + 'refusal = "needs_pbx"',
    "implied by one of a pair": '[exclusive]\nlicenses = ["SCV", "PBX"]\n[implies]\nSCV = ["CTI"]',
}


@pytest.mark.parametrize("what", ALLOWED)
def test_what_is_just_allowed(what: str) -> None:
    assert read('name = "acme"\n' + ALLOWED[what]).name == "acme"


def test_the_shipped_policies_differ_in_pci_alone() -> None:
    older, newer = load_policy("natterbox-2022").meaning(), load_policy("natterbox-2023").meaning()
    assert older.pop("features") == {"cti_only": False, "pci": False, "scv": False}
    assert newer.pop("features") == {"cti_only": False, "pci": True, "scv": False}
    assert older == newer
