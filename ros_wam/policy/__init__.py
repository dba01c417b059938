"""The policy side of the line: observation, client, admission, loop; and the server that `ros-wam serve` runs."""
