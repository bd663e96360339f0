"""What is counted, and for whom it is told."""

from admin.outbound.refusal import Reason
from admin.outbound.tally import Tally


def numbers(tally: Tally, *visible: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("license_sync_outbound_"), *sample.labels.values()): sample.value
        for family in tally.families(visible)
        for sample in family.samples
        if sample.value
    }


def test_messages_notifications_and_refusals_are_counted_by_org() -> None:
    tally = Tally(["acme", "beta"])
    tally.taken("acme", 7)
    tally.taken("acme", 1)
    tally.refused("acme", Reason.RATE)
    tally.refused("beta", Reason.TOKEN)
    acme = {
        ("messages_total", "acme"): 3,
        ("notifications_total", "acme"): 8,
        ("refused_total", "acme", "rate"): 1,
    }
    beta = {("messages_total", "beta"): 1, ("refused_total", "beta", "token"): 1}
    assert numbers(tally, "acme", "beta", "gamma") == acme | beta
    assert numbers(tally, "beta") == beta


def test_an_org_without_a_door_has_no_numbers() -> None:
    assert list(Tally([]).families(["acme"])) == []


def test_nothing_that_came_is_a_number_too() -> None:
    families = list(Tally(["acme"]).families(["acme"]))
    assert {sample.value for family in families for sample in family.samples} == {0}
