"""The motion side of the line: chunk buffer, smoother, safety gate, control loop and its process."""
