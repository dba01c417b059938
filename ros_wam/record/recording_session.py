"""What the recorder does on each verb of `trial_command`, and what it answers on `trial_event`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ros_wam.errors import RosWamError
from ros_wam.record.episode_files import copy_configuration
from ros_wam.record.episode_recorder import EpisodeRecorder
from ros_wam.run_config import RunConfig

Event = dict[str, Any]

_DISCOVERY_NS = 5_000_000_000
_SETTLE_NS = 200_000_000  # a publisher that we have found has found us, too, a moment later
_LINGER_NS = 300_000_000  # what follows a stop: the robot comes to rest, the last batch of setpoints arrives


@dataclass
class _Episode:
    name: str
    discovery_deadline_ns: int
    complete_since_ns: int | None = None
    confirmed: bool = False
    end_ns: int | None = None


class RecordingSession:
    """One episode at a time: `prepare` opens it, `recording` confirms it once every publisher is found, `stop` ends it.

    Methods return the events to publish and do not raise for what fails: that is the event `record_failed`.
    """

    def __init__(self, recorder: EpisodeRecorder, config: RunConfig) -> None:
        self._recorder = recorder
        self._config = config
        self._episode: _Episode | None = None

    @property
    def waiting(self) -> bool:
        """Whether an episode is open but not yet confirmed; only then does `tick` look at the publishers."""
        return self._episode is not None and not self._episode.confirmed

    def command(self, command: Mapping[str, Any], now_ns: int) -> list[Event]:
        """Obey one `trial_command`."""
        verb = command.get("verb")
        if verb == "prepare":
            return [*self.close(), *self._prepare(command, now_ns)]
        if verb == "stop" and self._episode is not None and self._episode.end_ns is None:
            self._episode.end_ns = now_ns + _LINGER_NS
        return []

    def tick(self, now_ns: int, without_publisher: Sequence[str]) -> list[Event]:
        """Go on; `without_publisher` names the topics that should be heard now and that nobody publishes."""
        episode = self._episode
        if episode is None:
            return []
        if self._recorder.failure is not None or (episode.end_ns is not None and now_ns >= episode.end_ns):
            return self.close()
        if episode.confirmed:
            return []
        if not without_publisher:
            return self._confirm(episode, now_ns)
        episode.complete_since_ns = None
        if now_ns < episode.discovery_deadline_ns:
            return []
        self.close()
        return [_failed(episode.name, f"nobody publishes {', '.join(without_publisher)}")]

    def _confirm(self, episode: _Episode, now_ns: int) -> list[Event]:
        if episode.complete_since_ns is None:
            episode.complete_since_ns = now_ns
        episode.confirmed = now_ns - episode.complete_since_ns >= _SETTLE_NS
        return [{"event": "recording", "episode": episode.name}] if episode.confirmed else []

    def close(self) -> list[Event]:
        """End the open episode, if any, at once."""
        episode, self._episode = self._episode, None
        if episode is None:
            return []
        try:
            dropped = self._recorder.stop()
        except RosWamError as error:
            return [_failed(episode.name, str(error))]
        if dropped:
            lost = ", ".join(f"{topic} {number}" for topic, number in dropped.items())
            return [_failed(episode.name, f"the disk could not keep up: dropped {lost}")]
        return [{"event": "recorded", "episode": episode.name}]

    def _prepare(self, command: Mapping[str, Any], now_ns: int) -> list[Event]:
        name, bag = str(command.get("episode", "")), command.get("bag")
        if not bag:
            return [_failed(name, "the command names no bag")]
        try:
            self._recorder.start(Path(bag), now_ns)
            self._episode = _Episode(name, now_ns + _DISCOVERY_NS)
            copy_configuration(self._config, Path(bag).parent / "config")
        except RosWamError as error:
            self.close()
            return [_failed(name, str(error))]
        return []


def _failed(episode: str, detail: str) -> Event:
    return {"event": "record_failed", "episode": episode, "detail": detail}
