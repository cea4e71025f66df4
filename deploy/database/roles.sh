#!/bin/sh
# Makes the roles of a database, as its superuser, or brings them to what is said here: calling it again changes nothing
# but passwords that are new. lifeline owns the database and is nothing beyond; the others do what the roles beside them
# may, which `lifeline migrate` says, and no more: lifeline_worker adds readings and what follows from them,
# lifeline_alerts has the life of the cases, lifeline_maintain rolls up and lets go, grafana sees views, lifeline_backup
# sees everything; the last two cannot write, whatever they are granted.
set -eu
secrets=${SECRETS:-/run/secrets}
# Each by itself: a file that is missing ends the script.
PGPASSWORD=$(cat "$secrets/postgres")
owner=$(cat "$secrets/database-owner")
worker=$(cat "$secrets/database-worker")
alerts=$(cat "$secrets/database-alerts")
maintain=$(cat "$secrets/database-maintain")
grafana=$(cat "$secrets/database-grafana")
backup=$(cat "$secrets/database-backup")
export PGPASSWORD
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" \
    --set owner="$owner" --set worker="$worker" --set alerts="$alerts" --set maintain="$maintain" \
    --set grafana="$grafana" --set backup="$backup" <<'SQL'
set client_min_messages = warning;

select format('create role %I nologin', name)
from (values
    ('lifeline'), ('lifeline_writer'), ('lifeline_worker'), ('lifeline_application'), ('lifeline_alerts'),
    ('lifeline_keeper'), ('lifeline_maintain'), ('lifeline_reader'), ('grafana'), ('lifeline_backup')
) wanted (name)
where not exists (select from pg_roles where rolname = name)
\gexec

alter role lifeline login password :'owner';
alter role lifeline_worker login password :'worker';
alter role lifeline_alerts login password :'alerts';
alter role lifeline_maintain login password :'maintain';
alter role grafana login password :'grafana';
alter role lifeline_backup login password :'backup';

grant lifeline_writer to lifeline_worker;
grant lifeline_application to lifeline_alerts;
grant lifeline_keeper to lifeline_maintain;
grant lifeline_reader to grafana;
grant pg_read_all_data to lifeline_backup;

alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '30s';
alter role lifeline_backup set default_transaction_read_only = on;

alter database :"DBNAME" owner to lifeline;
revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME" to lifeline_alerts, lifeline_maintain, grafana, lifeline_backup;
grant connect, temporary on database :"DBNAME" to lifeline_worker;

-- What a superuser restored becomes the owner's; what an extension brought, or what follows its table, does not.
select 'alter schema grafana owner to lifeline' from pg_namespace where nspname = 'grafana'
union all
select format('alter %s %s owner to lifeline', kind, name) from (
    select oid, relowner as owner, oid::regclass::text as name,
        case relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end as kind
    from pg_class
    where relkind in ('r', 'v', 'S') and relnamespace in (to_regnamespace('public'), to_regnamespace('grafana'))
    union all
    select oid, proowner, oid::regprocedure::text, 'function'
    from pg_proc where pronamespace in (to_regnamespace('public'), to_regnamespace('grafana'))
    union all
    select t.oid, typowner, t.oid::regtype::text, 'type'
    from pg_type t left join pg_class r on r.oid = typrelid
    where (typtype = 'e' or r.relkind = 'c') and typnamespace = to_regnamespace('public')
) ours
where owner <> to_regrole('lifeline')
    and not exists (select from pg_depend d where d.objid = ours.oid and d.deptype in ('e', 'a', 'i'))
\gexec
SQL
