"""Controllers emulated at the wire, one file per device; the unmodified vendor libraries connect to them."""
