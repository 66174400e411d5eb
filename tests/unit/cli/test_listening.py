import pytest

from suyuan.cli.listening import address_of, listening_socket
from suyuan.errors import ConfigError


def test_the_real_port_is_told() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert port > 0
        assert address_of("127.0.0.1", taken) == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_refused() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}: address already in use"):
            listening_socket("127.0.0.1", port)


def test_no_address_of_this_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="no-such-host"):
        listening_socket("no-such-host.invalid", 0)
