"""One file a command: what its flags mean is settled, then the room that does the work is called.

Each has `run(flags, command_line) -> Result`, and imports what is heavy only there.
"""
