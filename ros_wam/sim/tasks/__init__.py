"""Simulated tasks: objects, randomisation and stages, one file per task."""
