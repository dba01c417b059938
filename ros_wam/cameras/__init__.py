"""Cameras: one protocol, one file per kind of device."""
