"""How the service listens."""

import socket

from alerts.service import _listen


def test_what_is_answered_waits_for_no_acknowledgement_of_what_went_before() -> None:
    with _listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
