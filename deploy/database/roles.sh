#!/bin/sh
# Runs once, when the database is made, as its superuser. lifeline owns the database and is nothing beyond;
# lifeline_worker does what the role lifeline_writer may: adds readings and what follows from them, no more;
# grafana sees the views that the role lifeline_reader is let see, and cannot write whatever it is granted.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$LIFELINE_DATABASE_PASSWORD" --set worker_password="$WORKER_DATABASE_PASSWORD" \
    --set reader_password="$GRAFANA_DATABASE_PASSWORD" <<'SQL'
create role lifeline login password :'password';
alter database :"DBNAME" owner to lifeline;

create role lifeline_writer nologin;
create role lifeline_worker login password :'worker_password' in role lifeline_writer;

create role lifeline_reader nologin;
create role grafana login password :'reader_password' in role lifeline_reader;
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '30s';

revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME" to grafana;
grant connect, temporary on database :"DBNAME" to lifeline_worker;
SQL
