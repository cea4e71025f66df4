-- What keeps the queue quick however long it is, and which receivers are away.
-- depends: 0028_lifeline_more_roles

-- Whoever takes a job asks whether another with its lock goes first; without this that is a look at all of them.
create index alerts_jobs_of_a_lock on procrastinate_jobs (lock, id) where status in ('todo', 'doing');
create index alerts_jobs_of_a_queue on procrastinate_jobs (queue_name, id) where status = 'todo';

-- One row while messages to a receiver do not get through, kept by whoever sends.
create table receivers_away (
    receiver text primary key,
    since timestamptz not null default clock_timestamp(),
    tried_at timestamptz not null default clock_timestamp(),
    -- in vain, since then
    tries integer not null,
    error text not null
);

grant select, insert, update, delete on receivers_away to lifeline_application;
