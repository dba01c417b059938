"""The seam to the policy server: one protocol, one file per transport."""

import importlib
from collections.abc import Mapping
from typing import Any, Protocol, cast

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.policy.profile import TRANSPORTS, Profile
from ros_wam.types import Observation, Reply


class PolicyClient(Protocol):
    """A connection to one policy server, owned by one thread. Every call ends within the profile's timeouts."""

    def connect(self) -> Mapping[str, Any]:
        """Connect, compare what the server declares with the profile, return it.

        Raises PolicyUnreachable, PolicyTimeout, PolicyAnswerInvalid, PolicyMismatch. Does nothing when connected.
        """
        ...

    def infer(self, observation: Observation) -> Reply:
        """Send one observation, return the answer to it and to no other; reconnects once if not connected.

        Raises the errors of `connect`. After an error nothing that the server still sends is taken for an answer.
        """
        ...

    def reset(self) -> None:
        """Connect, and tell the server that an episode begins where its protocol knows that; raises as `connect`."""
        ...

    def close(self) -> None:
        """Disconnect; may be called twice and does not raise."""
        ...


def make_client(profile: Profile, embodiment: Embodiment, clock: Clock) -> PolicyClient:
    """Return the unconnected client of the profile's transport; raises ConfigError where the robot does not fit it."""
    module = importlib.import_module(TRANSPORTS[profile.transport])
    return cast(PolicyClient, module.make_client(profile, embodiment, clock))
