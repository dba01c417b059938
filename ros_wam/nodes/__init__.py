"""ROS 2 nodes: they carry data in and out and contain no logic."""
