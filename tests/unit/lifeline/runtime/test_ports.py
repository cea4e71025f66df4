import socket
from pathlib import Path

from lifeline.runtime.ports import kept_port


def test_a_port_is_chosen_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "port"
    assert kept_port(file) == kept_port(file)


def test_the_port_is_free_and_never_one_a_client_could_be_given(tmp_path: Path) -> None:
    lowest_of_clients = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for number in range(50):
        port = kept_port(tmp_path / str(number))
        assert 1024 <= port < lowest_of_clients
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))
