"""The socket a server listens on, taken before anything is promised."""

import socket

from suyuan.errors import ConfigError


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host``; port 0 takes a free one.

    Raises
    ------
    ConfigError
        The port is in use or may not be taken, or the host is no address of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refused(host, port, error) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise _refused(host, port, error) from error
    return listening


def address_of(host: str, listening: socket.socket) -> str:
    """The address that people open, with the port that was really taken."""
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refused(host: str, port: int, error: OSError) -> ConfigError:
    why = (error.strerror or str(error)).lower()
    return ConfigError(
        f"Cannot listen on {host}, port {port}: {why}. Give another one with --port (0 takes a free one) "
        "or --host, or stop what listens there."
    )
