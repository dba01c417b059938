"""The last words of a process that died, in one line."""

import pytest

from ros_wam.motion.last_words import LONGEST, last_words

DUMP = """terminate called after throwing an instance of 'std::runtime_error'
  what():  Motor id 9 is not known
Fatal Python error: Aborted

Thread 0x00007f31899c84c0 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 982 in run
  File "/usr/lib/python3.11/threading.py", line 1045 in _bootstrap_inner
"""
CURRENT = """
Current thread 0x00007f31899c84c1 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/x/ros_wam/drivers/arx5.py", line 7 in read
  File "/x/ros_wam/motion/loop.py", line 11 in tick
  File "/x/ros_wam/motion/loop.py", line 12 in <module>

Extension modules: numpy._core._multiarray_umath, msgpack._cmsgpack (total: 2)
"""
EXCEPTION = """connected
Traceback (most recent call last):
  File "/x/a.py", line 12, in <module>
    loop()
  File "/x/b.py", line 10, in read
    raise ValueError("what")
ValueError: what
"""
CHAIN = """Traceback (most recent call last):
  File "/x/a.py", line 3, in ping
    boom
OSError: no ping

During handling of the above exception, another exception occurred:

"""
WENT_ON = CHAIN.partition("\nDuring")[0] + "retrying\nconnected\nthe bus is lost\n"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", "none"),
        (" \n\n", "none"),
        ("one\ntwo\n\n  three\n", "two; three"),
        (EXCEPTION, "connected; ValueError: what in read (b.py:10) < <module> (a.py:12)"),
        (CHAIN + EXCEPTION, "connected; ValueError: what in read (b.py:10) < <module> (a.py:12)"),
        (
            CHAIN + EXCEPTION.removeprefix("connected\n"),
            "OSError: no ping; ValueError: what in read (b.py:10) < <module> (a.py:12)",
        ),
        (WENT_ON, "connected; the bus is lost"),
        (
            DUMP,
            "terminate called after throwing an instance of 'std::runtime_error'; what():  Motor id 9 is not known; "
            "Aborted in a thread of the library's own",
        ),
        (
            "segfaulting\n" + DUMP.partition("\n")[2].partition("\n")[2] + CURRENT,
            "segfaulting; Aborted in string_at (ctypes/__init__.py:519) < read (arx5.py:7) < tick (loop.py:11)",
        ),
        (
            "Fatal Python error: Bus error\n\nCurrent thread 0x1 (most recent call first):\n",
            "Bus error in no Python code",
        ),
        ("x" * 1000, "x" * LONGEST),
    ],
)
def test_what_is_useful_is_told_in_one_line(log: str, words: str) -> None:
    assert last_words(log) == words
