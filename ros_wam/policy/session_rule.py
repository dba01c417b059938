"""How a server learns that an episode begins: `session` of a profile."""

from dataclasses import dataclass
from typing import Any

from ros_wam.policy import key_path


@dataclass(frozen=True)
class SessionRule:
    """What is done when an episode begins; each is left out where the server knows nothing of it.

    `new_connection`: what the server remembers, it remembers per connection. `reset`: the constants of a request that
    is sent, with the prompt at `reset_prompt_at`, to `reset_endpoint`; a text that answers it must be `reset_answer`.
    `id_at`: every request bears an id, which is another for every episode. `first_prompt_prefix`: stands before the
    prompt of an episode's first request.
    """

    new_connection: bool = True
    reset: dict[str, Any] | None = None
    reset_prompt_at: str | None = None
    reset_endpoint: str = ""
    reset_answer: str | None = None
    id_at: str | None = None
    first_prompt_prefix: str = ""

    def reset_request(self, prompt: str, episode: str) -> dict[str, Any] | None:
        """Return the request that begins an episode, None where the server takes none."""
        if self.reset is None:
            return None
        request: dict[str, Any] = {}
        fill = dict(self.reset)
        if self.reset_prompt_at is not None:
            fill[self.reset_prompt_at] = prompt
        if self.id_at is not None:
            fill[self.id_at] = episode
        for path, value in fill.items():
            key_path.put(request, path, value)
        return request
