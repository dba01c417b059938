"""Trials: plan, state machine, outcome and report."""
