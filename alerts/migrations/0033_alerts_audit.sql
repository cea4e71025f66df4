-- Whose name a wrong password was given for; and the audit grows old: what is older than its time goes, which
-- housekeeping asks for and the owner does. Nothing else of it is ever changed.
-- depends: 0028_lifeline_more_roles

alter table api_audit add column tried text references users;
create index api_audit_at on api_audit (at);

create function api_audit_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('lifeline.forgets', true) = 'api_audit' then
        return old;
    end if;
    raise exception 'api_audit is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end
$$;
drop trigger api_audit_append_only on api_audit;
drop trigger api_audit_never_emptied on api_audit;
create trigger api_audit_append_only before update or delete on api_audit
    for each row execute function api_audit_is_append_only();
create trigger api_audit_never_emptied before truncate on api_audit
    for each statement execute function api_audit_is_append_only();

-- 网络安全法: logs stay for six months at least. Whoever gets hold of housekeeping's password wipes out no trace.
create function forget_audit(until timestamptz, most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    if until > now() - interval '180 days' then
        raise exception 'the audit stays for 180 days' using errcode = 'insufficient_privilege';
    end if;
    perform set_config('lifeline.forgets', 'api_audit', true);
    delete from api_audit where audit_id in (
        select audit_id from api_audit where at < until order by at limit most
    );
    get diagnostics gone = row_count;
    perform set_config('lifeline.forgets', '', true);
    return gone;
end
$$;
revoke all on function forget_audit from public;
grant execute on function forget_audit to lifeline_keeper;
