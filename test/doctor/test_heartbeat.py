"""The doctor's enable heartbeat, beside those of others."""

from ros_wam.doctor.heartbeat import Heartbeat


class Topic:
    """What was sent, and how many publish."""

    def __init__(self, publishers: int = 1) -> None:
        self.sent: list[bool] = []
        self.publishers = publishers
        self.heartbeat = Heartbeat(self.sent.append, lambda: self.publishers)


def test_alone_it_beats_and_withdraws_once() -> None:
    topic = Topic()
    topic.heartbeat.end()
    for _ in range(3):
        topic.heartbeat.beat()
    topic.heartbeat.end()
    topic.heartbeat.end()
    assert topic.sent == [True, True, True, False]
    assert topic.heartbeat.others == 0


def test_where_another_publishes_nothing_is_sent() -> None:
    topic = Topic(publishers=3)
    topic.heartbeat.beat()
    topic.heartbeat.end()
    assert topic.sent == []
    assert topic.heartbeat.others == 2


def test_once_another_was_there_it_stays_silent() -> None:
    topic = Topic()
    topic.heartbeat.beat()
    topic.publishers = 2
    topic.heartbeat.beat()
    topic.publishers = 1
    topic.heartbeat.beat()
    topic.heartbeat.end()
    assert topic.sent == [True]
    assert topic.heartbeat.others == 1
