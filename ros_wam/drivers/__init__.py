"""Robot drivers: one protocol, one file per vendor library."""
