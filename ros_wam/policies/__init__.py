"""Policies that `ros-wam serve` can serve."""
