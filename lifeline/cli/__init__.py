"""The command line: one module a group of commands, each thin over the function that does the work."""

import typer

from lifeline.cli import (
    alerts,
    assess,
    backup,
    bench,
    city,
    database,
    dead_letter,
    deliveries,
    device,
    doctor,
    env,
    evaluate,
    history,
    maintain,
    record,
    replay,
    report,
    routes,
    rules,
    services,
    simulate,
    up,
    user,
    worker,
)

app = typer.Typer(
    name="lifeline",
    help="City lifeline monitoring: from a sensor's reading to an alert at the utility that owns the risk.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(services.app, name="services")
app.add_typer(city.app, name="city")
app.add_typer(device.app, name="device")
app.command()(database.migrate)
app.command()(maintain.maintain)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(doctor.doctor)
app.command()(env.env)
app.add_typer(alerts.app, name="alerts")
app.add_typer(alerts.token, name="token")
app.add_typer(user.app, name="user")
app.add_typer(routes.app, name="routes")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(rules.app, name="rules")
app.command()(report.report)
app.command()(assess.assess)
app.command()(simulate.simulate)
app.command()(replay.replay)
app.command()(record.record)
app.command()(evaluate.evaluate)
app.command("import")(history.import_)
app.command()(worker.worker)
app.add_typer(dead_letter.app, name="dead-letter")
app.command()(up.up)
app.add_typer(bench.app, name="bench")
