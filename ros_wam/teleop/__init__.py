"""Teleoperation: devices behind one protocol (`device.py`), and what makes commands of what they say."""
