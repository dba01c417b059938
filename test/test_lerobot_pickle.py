"""The codec of LeRobot's pickles: what its server really sent is read, and what a stranger may send is refused."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wire.lerobot_pickles import Incoming, timed_actions

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import lerobot_pickle, unpickled
from ros_wam.policy.codecs.lerobot_pickle import LerobotObject, decode, encode

RECORDED = Path(__file__).parent / "wire" / "lerobot_reply.pickle"
"""What LeRobot 0.4.4 with torch 2.14.1 sent: 3 rows of 14 of an ACT of random weights, from time step 0 on."""

OBSERVATION = {"timestamp": 1.5, "timestep": 3, "observation": {"state_0": 0.25}, "must_go": True}


class Runs:
    """What runs a command where it is unpickled."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self._reduced = (call, arguments)

    def __reduce__(self) -> Any:
        return self._reduced


def test_what_lerobots_own_server_sent_is_read() -> None:
    rows = decode(RECORDED.read_bytes())
    assert [row.timestep for row in rows] == [0, 1, 2]
    np.testing.assert_allclose([row.timestamp - rows[0].timestamp for row in rows], [0.0, 1 / 30, 2 / 30], atol=1e-6)
    actions = np.stack([row.action for row in rows])
    assert (actions.dtype, actions.shape) == (np.float32, (3, 14))
    assert actions[0, :3].tolist() == [0.3690203130245209, -0.05546095222234726, -0.21003150939941406]
    assert actions[2, -2:].tolist() == [0.0812242403626442, 0.5186032652854919]


def test_rows_are_read_as_the_reference_server_writes_them() -> None:
    actions = np.arange(350, dtype=np.float32).reshape(50, 7)
    rows = decode(timed_actions(actions, 12.5, 4, 0.1))
    assert (rows[0].timestamp, rows[0].timestep, rows[-1].timestep) == (12.5, 4, 53)
    np.testing.assert_array_equal(np.stack([row.action for row in rows]), actions)
    assert decode(timed_actions(actions[:0], 0.0, 0, 0.1)) == []


def test_what_is_too_large_is_neither_read_nor_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lerobot_pickle, "MAX_MESSAGE_BYTES", 1000)
    with pytest.raises(SpecError, match="larger than 1000"):
        encode(LerobotObject("TimedObservation", {"observation": bytes(1000)}))
    with pytest.raises(SpecError, match="larger than"):
        decode(bytes(1001))


def test_what_is_written_is_an_object_of_the_servers_class() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    shown = {**OBSERVATION, "observation": {"state_0": 0.25, "cam_high": picture, "task": "tidy up"}}
    read, names = Incoming.read(encode(LerobotObject("TimedObservation", shown)))
    np.testing.assert_array_equal(read.observation.pop("cam_high"), picture)
    assert vars(read) == {**OBSERVATION, "observation": {"state_0": 0.25, "task": "tidy up"}}
    assert "lerobot.async_inference.helpers.TimedObservation" in names


@pytest.mark.parametrize(
    "value",
    [
        OBSERVATION,
        LerobotObject("FPSTracker", {}),
        LerobotObject("TimedObservation", {"observation": {"when": Path()}}),
        LerobotObject("TimedObservation", {"observation": np.array([object()])}),
        LerobotObject("TimedObservation", {"observation": np.float64(1.0)}),
    ],
)
def test_what_a_server_does_not_take_is_not_written(value: Any) -> None:
    with pytest.raises(SpecError):
        encode(value)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (eval, "builtins.eval"),
        (exec, "builtins.exec"),
        (getattr, "builtins.getattr"),
        (__import__, "builtins.__import__"),
        (pickle.loads, "_pickle.loads"),
    ],
)
def test_a_malicious_pickle_is_refused_by_name(call: Any, name: str) -> None:
    with pytest.raises(SpecError, match=rf"pickle names {name}, which is refused"):
        decode(pickle.dumps([Runs(call, "1/0")]))


def test_a_malicious_pickle_inside_a_tensor_is_refused_by_name() -> None:
    inside = pickle.dumps(0x1950A86A20F9469CFC6C) + pickle.dumps(1001) + pickle.dumps(Runs(eval, "1/0"))
    data = RECORDED.read_bytes()
    at = data.index(pickle.dumps(0x1950A86A20F9469CFC6C, 2)) - 5  # an opcode and a length are before it
    length = int.from_bytes(data[at + 1 : at + 5], "little")
    swapped = data[:at] + b"B" + len(inside).to_bytes(4, "little") + inside + data[at + 5 + length :]
    frame = int.from_bytes(data[3:11], "little") + len(inside) - length
    with pytest.raises(SpecError, match=r"pickle names builtins\.eval, which is refused"):
        decode(swapped[:3] + frame.to_bytes(8, "little") + swapped[11:])


@pytest.mark.parametrize(
    "value",
    [[], {}, None, 1, "text", [1, 2], [OrderedDict()]],
)
def test_an_answer_is_a_list_of_rows(value: Any) -> None:
    if value == []:
        assert decode(pickle.dumps(value)) == []
        return
    with pytest.raises(SpecError, match="answer is no list of TimedAction"):
        decode(pickle.dumps(value))


ACTION = b"\x80\x04]clerobot.async_inference.helpers\nTimedAction\n)\x81"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (b"", "without its state"),
        (b"}b", "must have timestep, timestamp and action"),
        (b"Nb", "must have timestep, timestamp and action"),
        (b"}(\x8c\x08timestepK\x01\x8c\x09timestampK\x01\x8c\x06actionK\x01ub", "its action a tensor"),
    ],
)
def test_a_row_without_a_tensor_is_refused(state: bytes, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        decode(ACTION + state + b"a.")


def test_values_in_all_storages_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickled, "MOST_VALUES", 1000)
    repeated = [None] * 20
    machine = {"little_endian": True, "type_sizes": [repeated] * 25}
    begin = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, machine))
    saved = b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00kX\x00\x00\x00\x00K\x00NtQ."
    call = b"ctorch.storage\n_load_from_bytes\nB"
    for count, told in ((1, "no list of TimedAction"), (2, "more than 1000 values")):
        calls = b""
        for number in range(count):
            end = pickle.dumps(["k"], 2) + bytes(8)
            data = begin + saved.replace(b"\x00\x00\x00\x00K", b"\x01\x00\x00\x00%dK" % number) + end
            calls += call + len(data).to_bytes(4, "little") + data + b"\x85R"
        with pytest.raises(SpecError, match=told):
            decode(b"\x80\x03](" + calls + b"e.")
