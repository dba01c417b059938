"""Recorded episodes in the formats of others: LeRobot datasets and RoboChallenge's Table30."""
