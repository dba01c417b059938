"""Bags: written, recovered, read and described without ROS."""
