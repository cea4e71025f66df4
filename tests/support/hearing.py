"""Other ends of channels: an HTTP server that answers as it is told, and a mail server."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Whims:
    """A receiver that does as it likes: its answers come from a list, the last of them for ever."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[float, dict[str, str], bytes]] = []
        self.paths: list[str] = []
        self.pause = 0.0

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.heard.append((time.monotonic(), headers, body))
        time.sleep(self.pause)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def messages(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.heard]


@contextmanager
def listening(whims: Whims) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            whims.paths.append(self.path)
            status, content = whims.answer(dict(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/alerts"
        server.shutdown()
        thread.join()
