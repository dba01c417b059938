"""A raw CAN socket of the kernel's (SocketCAN)."""

import socket


def can_socket(interface: str) -> socket.socket:
    """Return a socket on a CAN interface; raises OSError, and then leaves none open."""
    link = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
    try:
        link.bind((interface,))
    except OSError:
        link.close()
        raise
    return link
