-- What this database is for. Exactly one row; replays and drills refuse a production database.
-- depends:

create extension if not exists timescaledb;

create table deployment (
    only_row boolean primary key default true check (only_row),
    purpose text not null check (purpose in ('production', 'replay')),
    run_id text,
    created_at timestamptz not null default clock_timestamp(),
    check ((purpose = 'replay') = (run_id is not null))
);

insert into deployment (purpose) values ('production');
