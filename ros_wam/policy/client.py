"""The client of every policy server: transport, dialect and profile, put together."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyError, SpecError
from ros_wam.policy import key_path
from ros_wam.policy.codecs.codec import find_codec
from ros_wam.policy.dialects.dialect import make_dialect
from ros_wam.policy.handshake import Handshake, declared_image_size
from ros_wam.policy.profile import Profile
from ros_wam.policy.secret import header
from ros_wam.policy.tool_frames import ToolFrames
from ros_wam.policy.transports.transport import Address, make_transport
from ros_wam.types import FloatArray, Observation, Reply


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

    def reset(self, prompt: str) -> None:
        """Connect, and tell the server that an episode begins where its protocol knows that; raises as `connect`."""
        ...

    def close(self) -> None:
        """Disconnect; may be called twice and does not raise."""
        ...


class WireClient:
    """A PolicyClient. After any error the connection is dropped, so that no late answer is read."""

    def __init__(self, profile: Profile, embodiment: Embodiment, clock: Clock) -> None:
        """Raises ConfigError where the robot does not fit the profile, or a header's variable is not set."""
        profile.check_robot(embodiment)
        self._profile, self._embodiment, self._clock = profile, embodiment, clock
        codec = find_codec(profile.codec)
        headers = {name: header(text, f"policy {profile.name}: {name}") for name, text in profile.headers.items()}
        address = Address(profile.url, headers, profile.ca_file, codec.CONTENT_TYPE)
        self._transport = make_transport(profile.transport, address)
        try:
            for state in profile.request.state:
                state.check_numbers()
            self._dialect = make_dialect(profile.dialect, codec, profile.setup)
        except ConfigError as error:
            raise ConfigError(f"policy {profile.name}: {error}") from error
        self._handshake = Handshake(profile, embodiment)
        self._frames = ToolFrames(profile.action, embodiment) if profile.request.needs_tool_pose else None
        self._request = profile.request  # with the image size that the server tells, once it does
        self._metadata: Mapping[str, Any] | None = None
        self._answered = False
        self._run = uuid.uuid4().hex  # so that no server takes another run's episode for this one
        self._episode, self._begun = 0, False
        self._last_actions: Any = None  # as they came, None before an episode's first answer

    def connect(self) -> Mapping[str, Any]:
        """See PolicyClient. A connection that the server has closed meanwhile is replaced."""
        if self._metadata is not None and not self._transport.is_open:
            self.close()
        if self._metadata is None:
            with self._dropping():
                greeting = self._transport.open(self._profile.timeouts.connect_s)
                metadata = self._dialect.greet(greeting, self._exchange_soon)
                self._handshake.check(metadata)
                self._request = self._profile.request.for_image_size(declared_image_size(self._profile, metadata))
                self._metadata, self._answered = metadata, False
        return self._metadata

    def infer(self, observation: Observation) -> Reply:
        """See PolicyClient. `timing_ms`: connect (with beginning the episode, and telling what came of the chunk
        before), prepare (pictures and state), encode, round_trip (server included), decode.
        """
        start_ns = self._clock.now_ns()
        self.connect()
        if not self._begun or self._was_left(observation):
            self._begin(observation.prompt)
        self._tell_executed(observation)
        connected_ns = self._clock.now_ns()
        timeouts = self._profile.timeouts
        request = self._prepare(observation)
        prepared_ns = self._clock.now_ns()
        data = self._dialect.encode(request)
        sent_ns = self._clock.now_ns()
        with self._dropping():
            limit_s = timeouts.call_s if self._answered else timeouts.first_call_s
            received = self._transport.exchange(data, limit_s)
            received_ns = self._clock.now_ns()
            answer = self._dialect.decode(received)
            first = self._last_actions is None
            actions = self._profile.reply.read_actions(answer, first=first)
            if self._request.rtc is not None:
                actions = self._request.rtc.continued(request, actions)
        self._answered = True
        self._last_actions = key_path.find(answer, self._profile.reply.actions[0].at)
        timing_ms = {
            "connect": (connected_ns - start_ns) * 1e-6,
            "prepare": (prepared_ns - connected_ns) * 1e-6,
            "encode": (sent_ns - prepared_ns) * 1e-6,
            "round_trip": (received_ns - sent_ns) * 1e-6,
            "decode": (self._clock.now_ns() - received_ns) * 1e-6,
        }
        return Reply(actions, self._profile.reply.server_ms(answer), timing_ms, first)

    def reset(self, prompt: str) -> None:
        """See PolicyClient."""
        rule = self._profile.session
        if rule.new_connection and self._answered:
            self.close()
        self.connect()
        self._episode += 1
        self._begin(prompt)

    def _begin(self, prompt: str) -> None:
        """Begin the episode, or again: on a new connection, since the server behind it may remember nothing, and after
        an answer that was not executed, where the server is told of those that were.
        """
        rule = self._profile.session
        self._last_actions = None
        request = rule.reset_request(prompt, self._episode_id)
        if request is not None:
            with self._dropping():
                self._dialect.reset(request, rule.reset_endpoint, rule.reset_answer, self._exchange_soon)
        self._begun = True

    def close(self) -> None:
        """See PolicyClient."""
        self._metadata, self._answered, self._begun = None, False, False
        self._transport.close()

    @property
    def _episode_id(self) -> str:
        return f"{self._run}-{self._episode}"

    def _exchange_soon(self, request: bytes, endpoint: str, slow: bool = False) -> bytes | str:
        timeouts = self._profile.timeouts
        return self._transport.exchange(request, timeouts.first_call_s if slow else timeouts.connect_s, endpoint)

    def _prepare(self, observation: Observation) -> dict[str, Any]:
        rule, layout = self._profile.session, self._profile.reply.columns
        prompt = observation.prompt if self._last_actions is not None else rule.first_prompt_prefix + observation.prompt
        request = self._request.build(self._embodiment, observation, prompt, layout, self._tool_pose)
        if rule.id_at is not None:
            key_path.put(request, rule.id_at, self._episode_id)
        return request

    def _was_left(self, observation: Observation) -> bool:
        """Return whether an answer was not executed, of a server that counts on it."""
        return self._profile.after_chunk is not None and self._last_actions is not None and not observation.executed

    def _tell_executed(self, observation: Observation) -> None:
        after_chunk = self._profile.after_chunk
        if after_chunk is None or self._last_actions is None:
            return
        request = after_chunk.build(self._request.images, observation, self._last_actions)
        with self._dropping():
            self._dialect.decode(self._transport.exchange(self._dialect.encode(request), self._profile.timeouts.call_s))

    def _tool_pose(self, position: FloatArray, arm: str) -> FloatArray:
        assert self._frames is not None
        return self._frames.pose(position, arm)

    @contextlib.contextmanager
    def _dropping(self) -> Iterator[None]:
        """Disconnect after any error, and name the server in it."""
        try:
            yield
        except PolicyAnswerInvalid as error:
            self.close()
            raise PolicyAnswerInvalid(f"{self._profile.url}: {error}") from error
        except (PolicyError, SpecError):
            self.close()
            raise


def make_client(profile: Profile, embodiment: Embodiment, clock: Clock) -> PolicyClient:
    """Return the unconnected client of the profile; raises ConfigError where the robot does not fit it."""
    return WireClient(profile, embodiment, clock)
