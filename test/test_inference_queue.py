"""Calls for other threads: in one thread, in turn, with their errors, and none after the end."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest
from fake_policy import UR5, FakePolicy, observation, profile_for
from waiting import wait_until

from ros_wam.clock import StationClock
from ros_wam.policy.client import make_client
from ros_wam.policy.inference_queue import InferenceQueue
from ros_wam.policy.server import serve


@pytest.fixture
def calls() -> Iterator[tuple[InferenceQueue, threading.Thread]]:
    queue = InferenceQueue()
    worker = threading.Thread(target=queue.work)
    worker.start()
    yield queue, worker
    queue.end()
    worker.join(5.0)
    assert not worker.is_alive()


def test_calls_are_made_in_the_thread_that_works(calls: tuple[InferenceQueue, threading.Thread]) -> None:
    queue, worker = calls
    assert {queue.call(threading.current_thread) for _ in range(3)} == {worker}


def test_an_error_reaches_the_caller_and_ends_nothing(calls: tuple[InferenceQueue, threading.Thread]) -> None:
    queue, _ = calls
    with pytest.raises(ZeroDivisionError):
        queue.call(lambda: 1 / 0)
    assert queue.call(lambda: 1) == 1


def test_who_waits_when_it_ends_is_told_and_what_runs_goes_on(calls: tuple[InferenceQueue, threading.Thread]) -> None:
    queue, _ = calls
    running, go_on, told = threading.Event(), threading.Event(), []

    def call(function: object) -> None:
        try:
            told.append(queue.call(function))
        except CancelledError:
            told.append("cancelled")

    first = threading.Thread(target=call, args=(lambda: (running.set(), go_on.wait(5.0))[1],))
    first.start()
    assert running.wait(5.0)
    second = threading.Thread(target=call, args=(lambda: "made",))
    second.start()
    wait_until(lambda: not queue._jobs.empty(), "the second call waits")
    queue.end()
    second.join(5.0)
    assert told == ["cancelled"]
    go_on.set()
    first.join(5.0)
    assert told == ["cancelled", True]
    with pytest.raises(CancelledError):
        queue.call(lambda: "made")


def test_the_thread_that_serves_makes_all_calls_of_the_policy() -> None:
    policy, threads, stop, urls = FakePolicy(), [], threading.Event(), []
    warm_up, infer, new_session = policy.warm_up, policy.infer, policy.new_session
    policy.warm_up = lambda: threads.append(threading.current_thread()) or warm_up()
    policy.infer = lambda request, session: threads.append(threading.current_thread()) or infer(request, session)
    policy.new_session = lambda: threads.append(threading.current_thread()) or new_session()

    def ask() -> None:
        try:
            client = make_client(profile_for(urls[0]), UR5, StationClock())
            client.infer(observation(2))
            client.close()
        finally:
            stop.set()

    asking = threading.Thread(target=ask)
    serve(policy, "127.0.0.1", 0, StationClock(), stop, on_ready=lambda url: urls.append(url) or asking.start())
    asking.join()
    assert threads == [threading.current_thread()] * 3
