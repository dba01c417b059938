"""Claims are exclusive on this machine, and given back."""

import pytest

from ros_wam.claim import claim
from ros_wam.errors import ConfigError


def test_a_value_is_somebodys_until_it_is_given_back() -> None:
    first = claim("test", ["7", "8"])
    second = claim("test", ["7", "8"])
    try:
        assert (first.value, second.value) == ("7", "8")
        with pytest.raises(ConfigError, match="no test is free"):
            claim("test", ["7", "8"])
        first.close()
        first.close()
        again = claim("test", ["7", "8"])
        assert again.value == "7"
        again.close()
    finally:
        first.close()
        second.close()
