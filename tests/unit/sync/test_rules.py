"""Each row of the rules table; then every combination, against a second reading of the table."""

import random
from functools import lru_cache
from itertools import product

import pytest

from config.policies import load_policy
from sync.model import EVERY, NONE, Decision, FindingKind, Flags, Licenses
from sync.policy import Policy, PolicyError
from sync.policy_file import parse
from sync.rules import RULES, Case, Draft, Rulebook
from sync.statement import message_of, status_of
from tests.unit.sync import reference_rules as reference

CONFLICT, REFUSAL, NOTICE = FindingKind.CONFLICT, FindingKind.REFUSAL, FindingKind.NOTICE
Outcome = tuple[str | None, list[tuple[FindingKind, str, str]]]
NO_PBX = (NOTICE, "interface_without_pbx", "B")


def book(
    features: str = "", on_conflict: str = "hold", inactive: str = "keep", name: str = "2022"
) -> Rulebook:
    """A new rulebook every time: what an old one remembers would hide a change of the rules."""
    policy = load_policy(f"natterbox-{name}")
    policy = policy.with_options(on_conflict=on_conflict, inactive=inactive)
    return Rulebook(policy, features.split())


def flags(on: str = "-", unknown: str = "-") -> Flags:
    return Flags(Licenses.from_code(on), Licenses.from_code(unknown))


def case(requested: str, held: str, *, active: bool = True, group: bool | None = None) -> Case:
    return Case(flags(requested), flags(held), active, group)


def outcome(decision: Decision) -> Outcome:
    effective = None if decision.effective is None else decision.effective.code
    return effective, [(f.kind, f.code, f.licenses.code) for f in decision.findings]


def decided(
    rulebook: Rulebook,
    requested: str,
    held: str,
    *,
    active: bool = True,
    group: bool | None = None,
) -> Outcome:
    return outcome(rulebook.decide(case(requested, held, active=active, group=group)))


def message(
    rulebook: Rulebook,
    code: str,
    requested: str,
    held: str,
    *,
    active: bool = True,
    group: bool | None = None,
) -> str:
    decision = rulebook.decide(case(requested, held, active=active, group=group))
    return next(f.message for f in decision.findings if f.code == code)


def test_nothing_requested_and_nothing_held_is_nothing_said() -> None:
    assert decided(book(), "-", "-") == ("-", [])


# Row 1


def test_row_1_freedom_brings_cti_and_says_so() -> None:
    assert decided(book(), "FB", "-") == ("CFB", [(NOTICE, "implied", "C")])
    assert message(book(), "implied", "F", "-") == "CTI comes with Freedom."


def test_row_1_cti_that_was_requested_too_is_not_news() -> None:
    assert decided(book(), "CFB", "-") == ("CFB", [])


# Rows 2 and 3


def test_row_2_cti_without_freedom_is_refused() -> None:
    assert decided(book(), "CB", "CB") == ("B", [(REFUSAL, "needs_freedom", "C")])
    assert message(book(), "needs_freedom", "C", "-") == "CTI needs Freedom."


def test_row_2_cti_is_refused_where_freedom_waits_in_a_conflict() -> None:
    assert decided(book("scv"), "CFS", "-") == (
        "-",
        [(CONFLICT, "mutually_exclusive", "FS"), (REFUSAL, "needs_freedom", "C")],
    )


def test_row_3_historical_customer_holds_cti_without_freedom() -> None:
    assert decided(book("cti_only"), "CB", "-") == ("CB", [])


def test_row_3_cti_requested_for_itself_stays_when_freedom_goes() -> None:
    assert decided(book("cti_only"), "CB", "CFB") == ("CB", [])


# Row 4


def test_row_4_cti_that_came_with_freedom_goes_with_it() -> None:
    assert decided(book(), "B", "CFB") == ("B", [(NOTICE, "removed_with_freedom", "C")])
    assert decided(book("cti_only"), "-", "CF") == ("-", [(NOTICE, "removed_with_freedom", "C")])
    assert message(book(), "removed_with_freedom", "-", "CF") == "CTI goes with Freedom."


def test_row_4_holds_for_who_is_inactive() -> None:
    assert decided(book(), "B", "CFB", active=False) == (
        "B",
        [(NOTICE, "removed_with_freedom", "C")],
    )


def test_row_4_nothing_is_said_of_cti_that_is_not_held() -> None:
    assert decided(book(), "-", "F") == ("-", [])


def test_row_4_cti_that_is_requested_is_refused_instead() -> None:
    assert decided(book(), "C", "CF") == ("-", [(REFUSAL, "needs_freedom", "C")])


def test_row_4_is_silent_while_freedom_is_still_requested() -> None:
    assert decided(book("scv", "prefer:SCV"), "FSB", "CFB") == (
        "SB",
        [(CONFLICT, "mutually_exclusive", "FS")],
    )


# Rows 5-8 and 17


def test_row_5_neither_of_two_that_exclude_each_other() -> None:
    assert decided(book("scv"), "FSB", "B") == ("B", [(CONFLICT, "mutually_exclusive", "FS")])
    assert message(book("scv"), "mutually_exclusive", "FS", "-") == (
        "Freedom and Service Cloud Voice exclude each other: "
        "neither is granted until one of the requests is taken back."
    )


def test_row_6_freedom_that_is_held_stays_with_cti() -> None:
    assert decided(book("scv"), "CFSB", "F") == ("CFB", [(CONFLICT, "mutually_exclusive", "FS")])
    assert message(book("scv"), "mutually_exclusive", "FS", "F") == (
        "Freedom and Service Cloud Voice exclude each other: "
        "Freedom stays until one of the requests is taken back."
    )


def test_row_6_scv_that_is_held_stays() -> None:
    assert decided(book("scv"), "FSB", "S") == ("SB", [(CONFLICT, "mutually_exclusive", "FS")])


def test_row_7_both_held_stay_with_cti() -> None:
    assert decided(book("scv"), "FSB", "FS") == (
        "CFSB",
        [(CONFLICT, "both_held", "FS"), (NOTICE, "implied", "C")],
    )
    assert message(book("scv"), "both_held", "FS", "FS") == (
        "Freedom and Service Cloud Voice exclude each other but both are held: "
        "both stay until one of the requests is taken back."
    )


def test_row_8_of_both_held_the_requested_one_stays() -> None:
    assert decided(book("scv"), "SB", "CFS") == ("SB", [(NOTICE, "removed_with_freedom", "C")])
    assert decided(book("scv"), "CFB", "CFS") == ("CFB", [])


@pytest.mark.parametrize("held", ["-", "CF", "S", "CFS"])
def test_row_17_the_preferred_one_is_granted_and_the_conflict_stays(held: str) -> None:
    code = "both_held" if held == "CFS" else "mutually_exclusive"
    assert decided(book("scv", "prefer:Freedom"), "CFSB", held) == (
        "CFB",
        [(CONFLICT, code, "FS")],
    )
    assert decided(book("scv", "prefer:SCV"), "FSB", held) == ("SB", [(CONFLICT, code, "FS")])
    assert message(book("scv", "prefer:SCV"), code, "FS", held) == (
        "Freedom and Service Cloud Voice exclude each other: "
        "Service Cloud Voice is preferred until one of the requests is taken back."
    )


def test_row_17_a_preference_means_nothing_without_a_conflict() -> None:
    assert decided(book("scv", "prefer:SCV"), "CFB", "-") == ("CFB", [])


# Rows 9 and 10


def test_row_9_scv_is_refused_where_it_is_not_enabled() -> None:
    assert decided(book(), "SB", "SB") == ("B", [(REFUSAL, "not_enabled", "S")])
    assert decided(book(), "CFSB", "-") == ("CFB", [(REFUSAL, "not_enabled", "S")])
    assert message(book(), "not_enabled", "S", "-") == (
        "Service Cloud Voice is not enabled for this org."
    )


def test_row_9_freedom_is_kept_for_a_swap_that_cannot_be_made() -> None:
    assert decided(book(), "SB", "CFB") == (
        "CFB",
        [
            (REFUSAL, "not_enabled", "S"),
            (NOTICE, "kept_for_swap", "F"),
            (NOTICE, "implied", "C"),
        ],
    )
    assert message(book(), "kept_for_swap", "S", "F") == (
        "Freedom stays because what was requested instead is not granted."
    )


def test_row_9_a_swap_that_can_be_made_is_made() -> None:
    assert decided(book("scv"), "SB", "CFB") == ("SB", [(NOTICE, "removed_with_freedom", "C")])


def test_row_10_pci_is_refused_where_it_is_not_in_use() -> None:
    assert decided(book(), "PB", "P") == ("B", [(REFUSAL, "not_in_use", "P")])
    assert decided(book("pci"), "PB", "-") == ("BP", [])
    assert message(book(), "not_in_use", "P", "-") == "PCI is not in use in this org."


def test_row_10_pci_is_in_use_under_the_policy_of_2023() -> None:
    assert decided(book(name="2023"), "P", "-") == ("P", [])


# Rows 11-13


def test_row_11_optional_licenses_are_as_requested() -> None:
    assert decided(book(), "BQRI", "-") == ("BQRI", [])
    assert decided(book(), "-", "BQRI") == ("-", [])


@pytest.mark.parametrize("interface", ["CF", "S", "C"])
def test_row_12_an_interface_without_the_phone_system_is_granted(interface: str) -> None:
    assert decided(book("scv cti_only"), interface, "B") == (interface, [NO_PBX])
    assert message(book("scv cti_only"), "interface_without_pbx", interface, "-") == (
        "The user has an interface but not Cloud PBX, which is the phone system itself."
    )


def test_row_13_record_outside_a_recording_group_is_granted() -> None:
    hint = (NOTICE, "record_needs_group", "R")
    assert decided(book(), "R", "-", group=False) == ("R", [hint])
    assert decided(book(), "R", "-", group=True) == ("R", [])
    assert decided(book(), "R", "-", group=None) == ("R", [])
    assert decided(book(), "I", "R", group=False) == ("I", [])
    assert message(book(), "record_needs_group", "R", "-", group=False) == (
        "The user has Record but is in no group that supports call recording."
    )


# Row 14


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("inactive", ["keep", "release"])
def test_row_14_nothing_is_written_to_a_record_with_an_unknown_flag(
    active: bool, inactive: str
) -> None:
    rulebook = book("scv", inactive=inactive)
    for unknown, on in product(range(1, 256), (0, 0b1111_1110, 255)):
        on_requested = Case(Flags(Licenses(on), Licenses(unknown)), Flags(Licenses(on)), active)
        on_held = Case(Flags(Licenses(on)), Flags(Licenses(on), Licenses(unknown)), active, False)
        for one in (on_requested, on_held):
            assert outcome(rulebook.decide(one)) == (
                None,
                [(REFUSAL, "unknown", Licenses(unknown).code)],
            )


def test_row_14_says_nothing_else() -> None:
    one = Case(flags("B", "R"), flags("CF"), in_recording_group=False)
    assert outcome(book().decide(one)) == (None, [(REFUSAL, "unknown", "R")])


def test_row_14_names_what_is_unknown_on_either_side() -> None:
    one = Case(flags("B", "FC"), flags("B", "R"))
    decision = book().decide(one)
    assert outcome(decision) == (None, [(REFUSAL, "unknown", "CFR")])
    assert decision.findings[0].message == (
        "Nothing is written while CTI, Freedom and Record cannot be read on this user."
    )


# Rows 15 and 16


def test_row_15_who_is_inactive_keeps_what_is_requested_and_gets_nothing_new() -> None:
    assert decided(book(), "BRQ", "R", active=False) == ("R", [(REFUSAL, "inactive", "BQ")])
    assert message(book(), "inactive", "BRQ", "R", active=False) == (
        "Cloud PBX and Contact Center are not granted to an inactive user."
    )
    assert message(book(), "inactive", "B", "-", active=False) == (
        "Cloud PBX is not granted to an inactive user."
    )


def test_row_15_comes_before_what_the_org_lacks() -> None:
    assert decided(book(), "SP", "-", active=False) == ("-", [(REFUSAL, "inactive", "SP")])
    assert decided(book(), "S", "S", active=False) == ("-", [(REFUSAL, "not_enabled", "S")])


@pytest.mark.parametrize("held", ["CF", "CFS"])
def test_row_15_keeps_nothing_for_a_swap(held: str) -> None:
    effective, findings = decided(book(), "S", held, active=False)
    assert effective == "-"
    assert (NOTICE, "kept_for_swap", "F") not in findings


def test_row_15_there_is_no_conflict_with_what_was_refused() -> None:
    assert decided(book("scv"), "CFSB", "CFB", active=False) == (
        "CFB",
        [(REFUSAL, "inactive", "S")],
    )
    assert decided(book("scv"), "CFSB", "CFSB", active=False) == (
        "CFSB",
        [(CONFLICT, "both_held", "FS")],
    )


def test_row_15_cti_still_comes_with_freedom_that_is_held() -> None:
    assert decided(book(), "CFB", "FB", active=False) == ("CFB", [(NOTICE, "implied", "C")])
    assert decided(book(), "CFBR", "FB", active=False) == (
        "CFB",
        [(REFUSAL, "inactive", "R"), (NOTICE, "implied", "C")],
    )


def test_row_15_freedom_that_is_not_held_is_refused_with_its_cti() -> None:
    assert decided(book(), "F", "C", active=False) == ("-", [(REFUSAL, "inactive", "F")])


def test_row_16_who_is_inactive_is_released() -> None:
    rulebook = book("scv", inactive="release")
    assert decided(rulebook, "CFSB", "CFR", active=False) == (
        "-",
        [(NOTICE, "released_inactive", "CFSB")],
    )
    assert decided(rulebook, "-", "CFR", active=False) == ("-", [])
    assert decided(rulebook, "CFB", "-") == ("CFB", [])
    assert message(rulebook, "released_inactive", "CF", "-", active=False) == (
        "CTI and Freedom are taken from an inactive user."
    )
    assert message(rulebook, "released_inactive", "C", "-", active=False) == (
        "CTI is taken from an inactive user."
    )


# The rulebook


def test_a_rulebook_has_the_policys_default_features_and_the_orgs_own() -> None:
    rulebook = Rulebook(load_policy("natterbox-2023"), ["scv"])
    assert rulebook.features == {"pci", "scv"}
    assert rulebook.version == f"{load_policy('natterbox-2023').version}+pci+scv"


def test_a_rulebook_refuses_a_feature_that_the_policy_does_not_know() -> None:
    with pytest.raises(PolicyError, match='unknown feature "svc"; did you mean "scv"'):
        Rulebook(load_policy(), ["svc"])


def test_answers_from_memory_are_those_of_a_new_rulebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.rules._MEMO_LIMIT", 50)
    small = Rulebook(load_policy(), ["scv"], memory=50)
    none = Rulebook(load_policy(), ["scv"], memory=0)
    choose = random.Random(1)
    for _ in range(3000):
        one = Case(
            Flags(Licenses(choose.randrange(256)), Licenses(choose.choice((0, 0, 0, 4)))),
            Flags(Licenses(choose.randrange(256))),
            choose.choice((True, False)),
            choose.choice((True, False, None)),
        )
        assert small.decide(one) == none.decide(one)
        assert small.decide(one) is small.decide(one)
        assert len(small._memo) <= 50
        assert len(small._decisions) <= 50
        assert not none._memo


def test_equal_decisions_are_one_object() -> None:
    rulebook = Rulebook(load_policy())
    assert rulebook.decide(case("F", "-")) is rulebook.decide(case("F", "C"))


def test_what_was_decided_before_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def count(_: object, draft: Draft) -> None:
        looked.append(draft.requested)

    monkeypatch.setattr("sync.rules.RULES", (*RULES, count))
    rulebook = Rulebook(load_policy())
    # What an active user holds of the optional licenses makes no difference.
    for held in ("-", "-", "B", "QRI"):
        rulebook.decide(case("F", held))
    assert len(looked) == 1


# Policies that a customer could write


def custom(**sections: object) -> Policy:
    return parse({"name": "custom", **sections}, "custom.toml")


def test_a_license_that_fails_takes_what_requires_it_with_it() -> None:
    def requires(other: str, code: str) -> dict[str, str]:
        return {"license": other, "refusal": code, "message": f"Needs {other}."}

    policy = custom(
        requires={
            "PBX": requires("Insight", "needs_insight"),
            "ContactCenter": requires("PBX", "needs_pbx"),
            "Record": requires("PBX", "needs_pbx"),
        }
    )
    rulebook = Rulebook(policy)
    assert decided(rulebook, "BQR", "BQR") == (
        "-",
        [(REFUSAL, "needs_insight", "B"), (REFUSAL, "needs_pbx", "QR")],
    )
    assert message(rulebook, "needs_pbx", "QR", "-") == "Needs PBX."
    assert decided(rulebook, "BQRI", "-") == ("BQRI", [])


def test_one_finding_names_all_that_need_features_of_the_same_code() -> None:
    def need(message: str) -> dict[str, str]:
        return {"feature": "more", "refusal": "not_enabled", "message": message}

    policy = custom(
        features={"more": False}, needs={"Insight": need("No Insight."), "PCI": need("No PCI.")}
    )
    assert decided(Rulebook(policy), "PI", "-") == ("-", [(REFUSAL, "not_enabled", "PI")])
    assert message(Rulebook(policy), "not_enabled", "PI", "-") == "No PCI. No Insight."
    assert message(Rulebook(policy), "not_enabled", "I", "-") == "No Insight."


def test_what_is_implied_at_any_remove_comes_and_goes() -> None:
    policy = custom(
        implies={"Freedom": ["CTI"], "ContactCenter": ["Record", "PBX"], "PBX": ["PCI"]}
    )
    rulebook = Rulebook(policy)
    assert decided(rulebook, "QF", "-") == ("CFBQRP", [(NOTICE, "implied", "CBRP")])
    assert message(rulebook, "implied", "Q", "-") == (
        "Cloud PBX, Record and PCI come with Contact Center."
    )
    assert decided(rulebook, "-", "BQRP") == (
        "-",
        [
            (NOTICE, "removed_with_pbx", "P"),
            (NOTICE, "removed_with_contact_center", "BRP"),
        ],
    )
    assert decided(rulebook, "-", "CF") == ("-", [(NOTICE, "removed_with_freedom", "C")])
    assert message(rulebook, "removed_with_contact_center", "-", "BQRP") == (
        "Cloud PBX, Record and PCI go with Contact Center."
    )


def test_a_license_that_several_bring_comes_with_all_of_them() -> None:
    policy = custom(implies={"PBX": ["Insight"], "Record": ["Insight"], "PCI": ["Insight"]})
    assert message(Rulebook(policy), "implied", "BR", "-") == (
        "Insight comes with Cloud PBX and Record."
    )


def test_a_license_with_a_need_and_a_requirement_is_refused_for_one_of_them() -> None:
    policy = custom(
        features={"new": False},
        needs={"PCI": {"feature": "new", "refusal": "not_in_use", "message": "Not in use."}},
        requires={"PCI": {"license": "PBX", "refusal": "needs_pbx", "message": "Needs PBX."}},
    )
    assert message(Rulebook(policy), "not_in_use", "P", "-") == "Not in use."
    assert message(Rulebook(policy, ["new"]), "needs_pbx", "P", "-") == "Needs PBX."


def test_what_is_kept_for_a_swap_has_to_be_allowed_itself() -> None:
    need = {"feature": "new", "refusal": "not_enabled", "message": "Not enabled."}
    policy = custom(
        features={"new": False},
        needs={"Freedom": need, "SCV": need},
        exclusive={"licenses": ["SCV", "Freedom"], "keep_for_swap": ["SCV", "Freedom"]},
    )
    assert decided(Rulebook(policy), "S", "F") == ("-", [(REFUSAL, "not_enabled", "S")])
    assert decided(Rulebook(policy), "F", "S") == ("-", [(REFUSAL, "not_enabled", "F")])


def test_either_of_a_pair_can_be_kept_for_a_swap() -> None:
    need = {"feature": "new", "refusal": "not_enabled", "message": "Not enabled."}
    policy = custom(
        features={"new": False},
        needs={"Freedom": need},
        exclusive={"licenses": ["SCV", "Freedom"], "keep_for_swap": ["SCV"]},
    )
    rulebook = Rulebook(policy)
    refused = (REFUSAL, "not_enabled", "F")
    assert decided(rulebook, "F", "S") == ("S", [refused, (NOTICE, "kept_for_swap", "S")])
    assert decided(rulebook, "FS", "S") == ("S", [refused])
    assert decided(rulebook, "FB", "-") == ("B", [refused])


def test_a_policy_without_rules_grants_what_is_requested() -> None:
    rulebook = Rulebook(custom())
    for requested in range(256):
        one = Case(Flags(Licenses(requested)), Flags(EVERY), in_recording_group=False)
        assert rulebook.decide(one) == Decision(Licenses(requested), ())


# Every combination

SETTINGS = [
    (active, on_conflict, inactive)
    for on_conflict in ("hold", "prefer:Freedom", "prefer:SCV")
    for active, inactive in ((True, "keep"), (False, "keep"), (False, "release"))
]


CORE_PAIRS = list(product(reference.subsets(reference.CORE), repeat=2))
OPTIONAL_PAIRS = list(product(reference.subsets(reference.OPTIONAL), repeat=2))


@lru_cache(maxsize=2)
def cases(active: bool, group: bool | None) -> list[Case]:
    """Every request with every held set: for each core pair, each pair of optional licenses."""
    every = [Flags(Licenses(bits)) for bits in range(256)]
    bits = reference.bits
    return [
        Case(every[bits(asked | more_asked)], every[bits(had | more_had)], active, group)
        for asked, had in CORE_PAIRS
        for more_asked, more_had in OPTIONAL_PAIRS
    ]


def expected(org: reference.Org, active: bool, group: bool | None) -> list[object]:
    """The second reading's answers to `cases`, as (bits, said)."""
    optional = [reference.optional(asked, had, active, org) for asked, had in OPTIONAL_PAIRS]
    rows: dict[object, list[object]] = {}
    answers: list[object] = []
    for asked, had in CORE_PAIRS:
        core = reference.core(asked, had, active, org)
        key = reference.as_bits(core)
        if key not in rows:
            rows[key] = [merged(core, rest, group) for rest in optional]
        answers += rows[key]
    return answers


def merged(core: reference.Answer, rest: reference.Answer, group: bool | None) -> object:
    effective = core.effective | rest.effective
    said = {**core.said, **rest.said, **reference.hints(effective, group)}
    for code in core.said.keys() & rest.said.keys():
        said[code] = core.said[code] | rest.said[code]
    return reference.as_bits(reference.Answer(effective, said))


def assert_agrees(rulebook: Rulebook, setting: tuple[bool, str, str], group: bool | None) -> int:
    """Our answer is the second reading's for every request and every held set."""
    active, on_conflict, inactive = setting
    theirs = expected(reference.Org(rulebook.features, on_conflict, inactive), active, group)
    ours = [rulebook.decide(one) for one in cases(active, group)]
    # Decisions are shared, so there are few different pairs to look at closely.
    together = {(id(our), id(their)): (our, their) for our, their in zip(ours, theirs, strict=True)}
    for our, their in together.values():
        said = tuple(sorted((f.code, f.licenses.bits) for f in our.findings))
        assert our.effective is not None
        assert (our.effective.bits, said) == their
    return len(ours)


@pytest.mark.parametrize("name", ["2022", "2023"])
def test_every_combination_agrees_with_a_second_reading_of_the_table(name: str) -> None:
    count = 0
    defaults = "pci" if name == "2023" else ""
    for scv, cti_only, pci in product(("", "scv"), ("", "cti_only"), ("", "pci")):
        if pci and defaults:
            continue
        for setting in SETTINGS:
            features = f"{scv} {cti_only} {pci}"
            rulebook = book(features, setting[1], setting[2], name)
            count += assert_agrees(rulebook, setting, None)
    assert count == len(SETTINGS) * 65536 * (4 if defaults else 8)


@pytest.mark.parametrize("group", [True, False])
def test_recording_groups_agree_with_a_second_reading_of_the_table(group: bool) -> None:
    for setting in SETTINGS[:3]:
        assert_agrees(book("scv", setting[1], setting[2]), setting, group)


def test_one_write_settles_what_the_record_says_of_an_active_user() -> None:
    every = [Flags(Licenses(bits)) for bits in range(256)]
    for features in ("", "scv", "cti_only", "scv cti_only pci"):
        rulebook = book(features)
        for requested, held in product(every, every):
            first = rulebook.decide(Case(requested, held))
            second = rulebook.decide(Case(requested, Flags(first.effective or NONE)))
            assert status_of(second) == status_of(first)
            assert message_of(second) == message_of(first)
