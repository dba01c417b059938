"""Whether a recording is worth keeping: checks that run while it is made and over its closed bag, and their verdict."""
