"""Policies of other systems, in a few lines of Python: `ros-wam serve python:MODULE:FACTORY`, see docs/policies.md."""

import importlib
import sys
from pathlib import Path

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.server import ServedPolicy

_MEMBERS = ("metadata", "warm_up", "new_session", "infer")


def make_python_policy(what: str, robot: Embodiment) -> ServedPolicy:
    """Return what FACTORY(robot) of MODULE returns, a `FunctionPolicy` or any other ServedPolicy.

    Modules of the current folder are found too. Raises ConfigError; what the factory itself raises goes through.
    """
    name, _, factory_name = what.partition(":")
    if not name or not factory_name:
        raise ConfigError(f"policy python:{what} must be python:MODULE:FACTORY")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(f"policy python:{what}: cannot import {name}: {error}") from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise ConfigError(f"policy python:{what}: {module.__file__} has no function {factory_name}")
    policy = factory(robot)
    missing = [member for member in _MEMBERS if not hasattr(policy, member)]
    if missing:
        kind = type(policy).__name__
        raise ConfigError(f"policy python:{what}: its {kind} has no {', '.join(missing)}; see FunctionPolicy")
    made: ServedPolicy = policy
    return made
