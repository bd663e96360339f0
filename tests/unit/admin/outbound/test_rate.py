"""So many in a minute."""

from admin.outbound.rate import Rate


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_messages_may_come_at_once_and_no_more() -> None:
    rate = Rate(3, Time())
    assert [rate.allows() for _ in range(5)] == [True, True, True, False, False]


def test_there_is_room_again_as_time_passes() -> None:
    time = Time()
    rate = Rate(6, time)
    while rate.allows():
        pass
    time.now += 9.9
    assert not rate.allows()
    time.now += 0.2
    assert rate.allows()
    assert not rate.allows()


def test_a_long_rest_saves_no_more_than_a_minute() -> None:
    time = Time()
    rate = Rate(2, time)
    time.now += 3600
    assert [rate.allows() for _ in range(3)] == [True, True, False]
