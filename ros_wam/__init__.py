"""Deploy any VLA or world-action-model policy on a real robot, and know why each trial ended as it did."""

__version__ = "0.1.0"
