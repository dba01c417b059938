"""Ways to a policy server: bytes there, bytes back; nothing here knows what they mean."""
