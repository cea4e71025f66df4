"""What a utility needs to receive alerts: check the signature, write the alert down, answer with a receipt.

Standard library only: take it as your start. Every alert becomes one JSON line, once, however often it
is sent. ``python -m alerts.reference_receiver --port 8700 --secret-file KEY [--log alerts.jsonl]``
"""

import argparse
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import ClassVar, TextIO

OLDEST_S = 300
LARGEST = 1_000_000


class Receiver(BaseHTTPRequestHandler):
    """Answers 200 with a receipt, 401 to a signature that is wrong or old, 411 and 413 by size."""

    protocol_version, timeout = "HTTP/1.1", 10
    secret: ClassVar[bytes]
    log: ClassVar[TextIO]
    seen: ClassVar[set[str]] = set()
    lock: ClassVar[Lock] = Lock()

    def do_POST(self) -> None:
        """Take one message."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self.answer(411, {"error": "expected a Content-Length"})
        if int(length) > LARGEST:
            return self.answer(413, {"error": f"expected {LARGEST} bytes or fewer"})
        body = self.rfile.read(int(length))
        if not self.is_genuine(body):
            return self.answer(401, {"error": "the signature is wrong or older than five minutes"})
        message = json.loads(body)
        if message["kind"] == "heartbeat":
            # Here a utility notes the time: three intervals without one, and somebody telephones.
            return self.answer(200, {})
        with self.lock:
            if message["delivery_id"] not in self.seen:
                # Here a utility stores the alert and acts on it: the receipt says that it has.
                print(json.dumps(message, ensure_ascii=False), file=self.log, flush=True)
                self.seen.add(message["delivery_id"])
        return self.answer(200, {"receipt": f"R-{message['delivery_id']}"})

    def is_genuine(self, body: bytes) -> bool:
        """Whether the body was signed with our key, and lately; compared in constant time."""
        timestamp, _, digest = self.headers.get("Lifeline-Signature", "").removeprefix("t=").partition(",v1=")
        expected = hmac.new(self.secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        fresh = timestamp.isdecimal() and abs(time.time() - int(timestamp)) <= OLDEST_S
        return fresh and hmac.compare_digest(expected.encode(), digest.encode())

    def answer(self, status: int, content: dict[str, str]) -> None:
        """Answer in JSON; after an error the connection ends, for its body may not have been read."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.close_connection = status != 200  # noqa: PLR2004
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def main() -> None:
    """Listen until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--secret-file", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    Receiver.secret = options.secret_file.read_bytes().strip()
    if options.log is not None and options.log.exists():
        Receiver.seen = {json.loads(line)["delivery_id"] for line in options.log.open(encoding="utf-8")}
    Receiver.log = options.log.open("a", encoding="utf-8") if options.log is not None else sys.stdout
    ThreadingHTTPServer.request_queue_size = 128
    with ThreadingHTTPServer((options.host, options.port), Receiver) as server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(0)


if __name__ == "__main__":
    main()
