"""A city that feeds the broker: physics, devices, faults, incidents with their ground truth.

From the bottom up: :mod:`~simulator.places` has the registry's assets as arrays. One module a domain or part
of one has the physics and the kinds of incidents that act on it: ``gas``, ``water``, ``quality``,
``drainage``, ``sewer_air``, ``bridge``, ``heating``, ``tunnel``, with ``soil`` between them. Where assets
name a network, ``pipes`` (EPANET) and ``drains`` (SWMM) stand beside these, by :mod:`~simulator.piped`.
:mod:`~simulator.senses` binds sensors to the physics, :mod:`~simulator.instruments` adds noise, resolution
and faults, :mod:`~simulator.devices` makes messages. :mod:`~simulator.simulation` steps it all together,
:mod:`~simulator.publish` plays it into a broker or a file and keeps a log.

:mod:`simulator.feed` and the modules named after it replay what others measured.

>>> scenario = read_scenario(DEMO, registry)
>>> log: list[Record] = []
>>> simulation = Simulation(registry, scenario, start=start, seed=7)
>>> with MqttOutlet("mqtt://127.0.0.1:1883") as outlet:
...     Publisher(simulation, outlet, log, speed=60).run(until=start + 2 * HOUR)
>>> simulation.truth(until=start + 2 * HOUR)
(Expectation(asset='VC-101', hazard='gas-leak', level=1, after=..., before=...), ...)
>>> published(log)
Published(names=('rtu-vc-101/ch4', ...), sensor=..., time=..., value=..., wall=...)

Times are microseconds since 1970 UTC throughout; :meth:`Simulation.messages_until` gives the messages without
any broker. The same registry, scenario, seed and start give the same bytes.
"""
