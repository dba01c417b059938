"""Go or no-go before a sitting: what was measured at a station goes in, checks come out. `ros-wam doctor` runs it."""
