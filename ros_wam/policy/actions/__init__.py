"""Actions of every kind to joint positions."""
