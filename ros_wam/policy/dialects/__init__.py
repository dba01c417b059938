"""What is said beside requests and answers: greetings, envelopes, resets, errors. A file per family that needs one."""
