"""The simulated station: a MuJoCo world reached only as a real robot is reached."""
