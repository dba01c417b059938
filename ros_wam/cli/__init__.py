"""The `ros-wam` command: one file per subcommand."""
