"""The `url` of a profile."""

import pytest

from ros_wam.errors import ConfigError
from ros_wam.policy.server_url import check_url


@pytest.mark.parametrize(
    "url", ["ws://gpu-box:8000", "ws://gpu-box", "ws://[::1]:8000/path?key=1", "tcp://gpu-box:5555"]
)
def test_a_url_with_host_and_port_will_do(url: str) -> None:
    check_url(url, ("ws", "tcp"), "url")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gpu-box:8000", "must be a URL that starts with ws:// or tcp://"),
        ("http://gpu-box:8000", "must be a URL that starts with ws:// or tcp://"),
        ("ws://", "must be SCHEME://HOST:PORT"),
        ("ws://:8000", "must be SCHEME://HOST:PORT"),
        ("ws://gpu box:8000", "must be SCHEME://HOST:PORT"),
        ("ws://gpu-box:port", "must be SCHEME://HOST:PORT"),
        ("ws://gpu-box:99999", "must be SCHEME://HOST:PORT"),
        ("ws://[::1:8000", "must be SCHEME://HOST:PORT"),
        ("tcp://gpu-box", "must be SCHEME://HOST:PORT"),
    ],
)
def test_what_reaches_no_server_is_told(url: str, message: str) -> None:
    with pytest.raises(ConfigError) as told:
        check_url(url, ("ws", "tcp"), "policy mine: url")
    assert str(told.value).startswith(f"policy mine: url is {url!r}, {message}")


@pytest.mark.parametrize("secret", ["me:geheim", "me:ge/heim", "geheim"])
def test_a_password_in_a_url_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(ConfigError, match="url is 'ws://gpu-box:8000', must") as told:
        check_url(f"ws://{secret}@gpu-box:8000", ("ws",), "url")
    assert "heim" not in str(told.value)
