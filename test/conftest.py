"""The property tests try the same examples every time; `make property` tries others."""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")
