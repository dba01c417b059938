"""Dexbotic's DM0: request and answer field by field, and the server's errors."""

import numpy as np
from wire.dexbotic_server import ROWS, DexboticServer
from wire.family_conformance import FamilyConformance
from wire.seen import PROMPT, observation, robot_named
from wire.talking import joint_rows, sent, talking

UR5 = robot_named("ur5")


def test_request_has_pictures_in_order_and_the_state_as_a_list() -> None:
    request = sent("dexbotic_dm0", UR5, DexboticServer())
    assert request["files"] == [b"\x89PNG\r\n\x1a\n"] * 2
    for picture, shade in zip(request["image"], (80, 40), strict=True):
        np.testing.assert_array_equal(picture, np.full((240, 320, 3), [20, 10, shade]))
    np.testing.assert_allclose(request["states"], [*UR5.home_position[:6], 0.25])
    assert request["text"] == PROMPT


def test_rows_are_positions() -> None:
    rows = np.arange(ROWS * 7.0).reshape(ROWS, 7) / 1000.0
    with DexboticServer() as server, talking("dexbotic_dm0", UR5, server) as client:
        server.answer = lambda request: rows
        np.testing.assert_array_equal(client.infer(observation(UR5)).actions, rows)
    np.testing.assert_allclose(joint_rows("dexbotic_dm0", UR5, rows), rows)


class TestDexbotic(FamilyConformance):
    profile, robot, error = "dexbotic_dm0", "ur5", "Internal Server Error"

    def make_server(self) -> DexboticServer:
        return DexboticServer()
