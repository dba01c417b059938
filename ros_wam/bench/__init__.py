"""Benchmarks: each module measures production classes and returns a BenchResult."""
