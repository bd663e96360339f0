"""A seed says what happens, when, and to whom: the same one always the same."""

from collections import Counter

from tests.chaos.faults import FAULTS
from tests.chaos.schedule import PARTS, PEACE, draw
from tests.chaos.stream_faults import LOOKING, MACHINE, PASSING, TOLD_BY_MESSAGE
from tests.chaos.ways import WAYS

SECONDS = 900.0


def test_a_seed_gives_the_same_schedule_again() -> None:
    first, second = draw(7, 60), draw(7, 60)
    assert first == second
    assert [e.more for e in first.lanes["edits"]] == [e.more for e in second.lanes["edits"]]


def test_another_seed_gives_another() -> None:
    assert draw(7, 60).lanes != draw(8, 60).lanes


def test_more_edits_move_no_trouble() -> None:
    assert draw(7, 60).lanes["troubles"] == draw(7, 60, rate=20).lanes["troubles"]


def test_every_kind_of_trouble_comes_up_in_a_long_run() -> None:
    plan = draw(7, SECONDS)
    faults = {kind for e in plan.lanes["faults"] for kind in e.more["kinds"]}
    killed = Counter(e.more["part"] for e in plan.lanes["troubles"] if e.what == "kill")
    assert faults == set(FAULTS)
    assert set(killed) == set(PARTS)
    assert {e.what for e in plan.lanes["troubles"]} >= {"wipe the broker", "fill the disk"}
    steps = [e for n in range(9) for e in draw(n, 60).lanes["troubles"] if "workers'" in e.what]
    assert 2 <= len(steps) <= 7


def test_events_are_in_order_and_within_the_time() -> None:
    for lane in draw(7, 60, way=WAYS["stream"]).lanes.values():
        times = [event.at for event in lane]
        assert times == sorted(times)
        assert 0 <= times[0] <= times[-1] <= 60


def test_each_fault_is_taken_back() -> None:
    faults = draw(7, SECONDS).lanes["faults"]
    ordered = [e.more["kinds"] for e in faults if e.what == "fault"]
    assert ordered == [e.more["kinds"] for e in faults if e.what == "heal"]


def test_seeds_differ_in_clocks_and_brakes() -> None:
    plans = [draw(seed, 1) for seed in range(15)]
    both = {(plan.clock_offset, plan.workers_ahead) for plan in plans}
    assert len(both) == 9
    assert {abs(offset) for clocks in both for offset in clocks} == {0.0, 600.0}
    assert {plan.has_brake for plan in plans} == {True, False}


def test_the_machine_has_peace_in_the_end() -> None:
    times = [event.at for event in draw(7, 100).lanes["troubles"]]
    assert max(times) < 100 * (1 - PEACE) + 10


def test_every_way_in_meets_each_brake_and_clock() -> None:
    plans = [draw(seed, 1) for seed in range(150)]
    assert {(plan.way.name, plan.has_brake) for plan in plans} == {
        (name, brake) for name in WAYS for brake in (True, False)
    }
    assert len({(p.way.name, p.clock_offset, p.workers_ahead) for p in plans}) == 9 * len(WAYS)


def test_the_way_in_moves_nothing_of_the_other_lanes() -> None:
    plans = [draw(7, 60, way=way).lanes for way in WAYS.values()]
    for name in plans[0].keys() - {"stream", "people"}:
        assert all(lanes[name] == plans[0][name] for lanes in plans)


def test_nobody_reconciles_where_nobody_polls() -> None:
    """It would find what was lost."""
    for way in WAYS.values():
        reconciles = [e for e in draw(7, SECONDS, way=way).lanes["people"] if e.what == "reconcile"]
        assert bool(reconciles) is way.polls


def test_everything_that_can_happen_to_a_way_in_comes_up_in_a_long_run() -> None:
    found = {
        name: {e.what for e in draw(7, SECONDS, way=way).lanes["stream"]}
        for name, way in WAYS.items()
    }
    stream = {*PASSING, *MACHINE, *LOOKING}
    assert found == {
        "polling": set(),
        "stream-and-polling": stream,
        "stream": stream,
        "outbound": set(TOLD_BY_MESSAGE),
        "stream-and-outbound": stream | set(TOLD_BY_MESSAGE),
    }


def test_from_half_time_on_nothing_makes_the_program_look_at_everybody() -> None:
    lane = draw(7, SECONDS, way=WAYS["stream"]).lanes["stream"]
    assert max(e.at for e in lane if e.what in LOOKING) < SECONDS / 2


def test_the_last_part_leaves_the_listener_alone() -> None:
    lane = draw(7, SECONDS, way=WAYS["stream-and-outbound"]).lanes["stream"]
    touched = [e.at for e in lane if e.what in (*MACHINE, *TOLD_BY_MESSAGE)]
    assert max(touched) < SECONDS * (1 - PEACE)
