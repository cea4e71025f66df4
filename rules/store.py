"""Rule sets in the database: which one holds, and the history of all that did."""

from psycopg import Connection
from psycopg.rows import TupleRow

from rules.model import RuleSet


def load(connection: Connection[TupleRow], rules: RuleSet) -> str:
    """Let the rule set hold from now on, in one transaction; its version.

    Running workers take it at their next batch boundary.
    """
    version = rules.version
    with connection.transaction():
        connection.execute(
            "insert into rule_sets (version, content) values (%s, %s) on conflict (version) do nothing",
            (version, rules.encode()),
        )
        connection.execute(
            "update configuration set rules_version = %s, changed_at = clock_timestamp()", (version,)
        )
        connection.execute("delete from risk_matrix")
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into risk_matrix (likelihood, consequence, level, version) values (%s, %s, %s, %s)",
                [
                    (likelihood, consequence, int(level), rules.matrix.version)
                    for likelihood, row in enumerate(rules.matrix.levels, 1)
                    for consequence, level in enumerate(row, 1)
                ],
            )
        connection.execute("notify lifeline_configuration")
    return version


def read(connection: Connection[TupleRow]) -> RuleSet | None:
    """The rule set that holds now."""
    row = connection.execute(
        "select content from rule_sets join configuration on rules_version = version"
    ).fetchone()
    return RuleSet.decode(row[0]) if row is not None else None
