"""How chunks are executed: `execution` of a profile."""

from dataclasses import dataclass

from ros_wam.errors import ConfigError
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.policy.strategies import STRATEGIES, WITHOUT_HORIZON, make_strategy
from ros_wam.policy.strategies.strategy import Strategy


@dataclass(frozen=True)
class Execution:
    """How chunks are executed, see `strategies/`.

    `horizon` [rows of an answer] is None for a strategy that takes none; without one, sequential executes every row.
    """

    strategy: str = "async"
    horizon: int | None = None

    def check(self, policy: str, action: ActionSpec) -> None:
        """Raise ConfigError unless it suits what the policy answers."""
        where = f"policy {policy}: execution:"
        if self.strategy not in STRATEGIES:
            raise ConfigError(f"{where} strategy is {self.strategy!r}, must be one of {', '.join(STRATEGIES)}")
        if self.strategy in WITHOUT_HORIZON:
            if self.horizon is not None:
                raise ConfigError(f"{where} horizon is {self.horizon}, must be left out: {self.strategy} takes none")
            return
        if self.horizon is None and self.strategy == "sequential":
            return
        first, last = self._bounds(action)
        if self.horizon is None or self.horizon < first or (last is not None and self.horizon > last):
            wanted = f"{first} to {last}" if last is not None else f"{first} or more"
            raise ConfigError(f"{where} horizon is {self.horizon}, must be {wanted}")

    def make_strategy(self, action: ActionSpec) -> Strategy:
        """Return the strategy for one episode. Sequential counts rows of a chunk, which may begin at the state."""
        first = self.strategy == "sequential" and action.begins_at_state
        return make_strategy(self.strategy, None if self.horizon is None else self.horizon + first)

    def _bounds(self, action: ActionSpec) -> tuple[int, int | None]:
        """Return the smallest and the largest horizon; all but sequential need a row left to take over from."""
        if self.strategy == "sequential":
            return action.fewest_rows, action.horizon
        return 1, None if action.horizon is None else action.horizon + action.begins_at_state - 1
