"""The MQTT edge against a real broker: what is not acknowledged comes again, and memory stays bounded."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from ingest.message import Message
from ingest.mqtt import Broker, Subscriber
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.packages import Prefix
from lifeline.runtime.ports import free_port
from tests.support.device import Device, device
from tests.support.processes import until


@asynccontextmanager
async def subscribed(
    broker: Broker, slug: str, most: int = 1000, **more: object
) -> AsyncIterator[Subscriber]:
    async with Subscriber(broker, f"test-{slug}", [f"test/{slug}/#"], most, **more) as subscriber:
        await asyncio.sleep(0.2)
        assert subscriber.connected
        yield subscriber
    await asyncio.sleep(0.2)  # a connection that comes at once cuts off what the broker has not read


async def received(subscriber: Subscriber, many: int, within: float = 10.0) -> list[Message]:
    await asyncio.wait_for(subscriber.fill(many), within)
    return subscriber.take(many)


def publish(sender: Device, slug: str, numbers: range) -> None:
    for number in numbers:
        sender.send(f"test/{slug}", str(number).encode())


def bodies(messages: list[Message]) -> list[int]:
    return [int(message.payload) for message in messages]


async def test_what_was_not_acknowledged_comes_again_in_order(broker: Mosquitto, slug: str) -> None:
    at = Broker.at(broker.url)
    with device(broker.port) as sender:
        async with subscribed(at, slug) as subscriber:
            await asyncio.to_thread(publish, sender, slug, range(20))
            messages = await received(subscriber, 20)
            assert bodies(messages) == [*range(20)]
            subscriber.acknowledge(messages[:7])
        await asyncio.to_thread(publish, sender, slug, range(20, 25))
        async with subscribed(at, slug) as subscriber:
            messages = await received(subscriber, 18)
            assert bodies(messages) == [*range(7, 25)]
            subscriber.acknowledge(messages)


async def test_an_acknowledgement_of_an_earlier_connection_is_dropped(broker: Mosquitto, slug: str) -> None:
    """Packet ids begin anew: it would acknowledge another message."""
    with device(broker.port) as sender:
        async with subscribed(Broker.at(broker.url), slug) as subscriber:
            await asyncio.to_thread(publish, sender, slug, range(3))
            first = await received(subscriber, 3)
            subscriber._client.socket().shutdown(2)
            again = await received(subscriber, 3)
            assert bodies(again) == bodies(first)
            subscriber.acknowledge(first)
        async with subscribed(Broker.at(broker.url), slug) as subscriber:
            again = await received(subscriber, 3)
            assert bodies(again) == [0, 1, 2]
            subscriber.acknowledge(again)


async def test_the_broker_holds_what_is_beyond_the_receive_maximum(broker: Mosquitto, slug: str) -> None:
    with device(broker.port) as sender:
        async with subscribed(Broker.at(broker.url), slug, most=10) as subscriber:
            await asyncio.to_thread(publish, sender, slug, range(50))
            await asyncio.sleep(0.5)
            assert subscriber.waiting == 10
            seen: list[int] = []
            while len(seen) < 50:
                await subscriber.arrival(5.0)
                messages = subscriber.take(3)
                seen += bodies(messages)
                subscriber.acknowledge(messages)
            assert seen == [*range(50)]


async def test_the_marker_comes_after_all_that_was_kept(broker: Mosquitto, slug: str) -> None:
    marker = f"marker/{slug}"
    at, sessions = Broker.at(broker.url), []
    async with subscribed(at, slug, marker=marker, on_session=sessions.append) as subscriber:
        subscriber.acknowledge(await received(subscriber, 1))
    with device(broker.port) as sender:
        await asyncio.to_thread(publish, sender, slug, range(30))
    async with subscribed(at, slug, marker=marker, on_session=sessions.append) as subscriber:
        messages = await received(subscriber, 31)
        assert [*map(subscriber.ends_backlog, messages)] == [False] * 30 + [True]
        subscriber.acknowledge(messages[:30])
    async with subscribed(at, slug, marker=marker, on_session=sessions.append) as subscriber:
        messages = await received(subscriber, 2)
        assert [message.topic for message in messages] == [marker, marker]
        assert [*map(subscriber.ends_backlog, messages)] == [False, True]
        subscriber.acknowledge(messages)
    assert sessions == [False, True, True]


def certify(key: Path, certificate: Path) -> None:
    request = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=us -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*request.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)


@contextmanager
def mosquitto(prefix: Prefix, folder: Path, *options: str) -> Iterator[int]:
    """A broker with a listener of its own kind; its port."""
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "user root", "log_type error", *options]
    (folder / "broker.conf").write_text("\n".join(lines), encoding="utf-8")
    with subprocess.Popen([prefix.mosquitto, "-c", folder / "broker.conf"]) as process:
        try:
            until(lambda: listens(port), "a broker")
            yield port
        finally:
            process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


async def test_a_broker_that_refuses_us_is_asked_ever_more_rarely(
    prefix: Prefix, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with mosquitto(prefix, tmp_path, "allow_anonymous false") as port:
        async with Subscriber(Broker(host="127.0.0.1", port=port), "test-refused", ["x"], 10):
            await asyncio.sleep(4)
    assert 2 <= capfd.readouterr().out.count("broker_refused") <= 5


@asynccontextmanager
async def coalescing(broker: Mosquitto, key: Path, certificate: Path) -> AsyncIterator[int]:
    """TLS before the broker, as some brokers speak it: many packets in one record. Its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def forward(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await source.read(16_000):
            to.write(data)
            await to.drain()
            await asyncio.sleep(0.05)
        to.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", broker.port)
        await asyncio.gather(
            forward(reader, inner_writer), forward(inner_reader, writer), return_exceptions=True
        )

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


async def test_over_tls_nothing_stays_behind_in_what_was_deciphered(
    broker: Mosquitto, slug: str, tmp_path: Path
) -> None:
    """A record holds many packets: once it is deciphered no selector tells of those that were not read."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not there to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    certify(key, certificate)
    with device(broker.port) as sender:
        async with coalescing(broker, key, certificate) as port:
            at = Broker.at(f"mqtts://127.0.0.1:{port}", ca=certificate)
            async with subscribed(at, slug) as subscriber:
                await asyncio.to_thread(publish, sender, slug, range(300))
                messages = await received(subscriber, 300, within=5.0)
                assert bodies(messages) == [*range(300)]
                subscriber.acknowledge(messages)
