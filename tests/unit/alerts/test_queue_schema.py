"""The queue's tables are those of the procrastinate that is installed."""

from procrastinate.schema import migrations_path


def test_procrastinate_has_brought_no_migration_that_is_not_ours_yet() -> None:
    newest = max(path.name for path in migrations_path.glob("*.sql"))
    assert newest == "03.04.00_50_post_add_retry_failed_job_procedure.sql", (
        "add it and those before it as migrations of alerts, after 0006_alerts_queue"
    )
