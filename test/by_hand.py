"""A client of our server that is no library's: it reads what it wants, when it wants."""

import socket

from websockets.client import ClientProtocol
from websockets.uri import parse_uri


def connected_by_hand(url: str, request: bytes, receive_bytes: int = 0) -> tuple[socket.socket, bytes]:
    """Connect and read the metadata; return the socket and `request` as the bytes to send.

    `receive_bytes`: how little the system is to keep of what comes, 0 for as much as usual.
    """
    protocol = ClientProtocol(parse_uri(url))
    connection = socket.create_connection(("127.0.0.1", protocol.uri.port))
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    protocol.send_request(protocol.connect())
    connection.sendall(b"".join(protocol.data_to_send()))
    events = 0
    while events < 2:  # the handshake, the metadata
        protocol.receive_data(connection.recv(4096))
        events += len(protocol.events_received())
    protocol.send_binary(request)
    return connection, b"".join(protocol.data_to_send())
