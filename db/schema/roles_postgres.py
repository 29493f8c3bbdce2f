"""Who may do what in a PostgreSQL store: rights of the three roles, checked by the server.

Each person connects as a role of their own that is a member of one of the three. The tables belong
to ``centric_owner``, whom nobody is. ``read_only`` writes nothing but where they were and what they
have read; an act stands in the journal under the name of who is connected; a row of the journal is
never changed but to say that it was taken back, or to be emptied by an erase, and never deleted.
"""

from __future__ import annotations

OWNER = "centric_owner"
GROUPS = {"lead": "centric_lead", "agent": "centric_agent", "read_only": "centric_read_only"}

# What only a lead may write; the commands refuse it to others before the server does.
LEADS_TABLES = ("teams", "team_agents", "queues", "erasures", "erased_marks")
# Where one was and what one has read: everybody's own.
OWN_TABLES = ("seen", "drafts", "sessions")

MEMBERS = """
do $$ declare name text; begin
  foreach name in array array['centric_owner', 'centric_lead', 'centric_agent',
      'centric_read_only'] loop
    if not exists (select 1 from pg_roles where rolname = name) then
      execute format('create role %I nologin', name);
    end if;
  end loop;
end $$;
grant centric_agent, centric_read_only to centric_lead with admin option;
grant centric_owner to current_user
"""
OWNERSHIP = """
do $$ declare thing record; begin
  execute format('grant usage, create on schema %I to centric_owner', current_schema());
  execute format('revoke create on schema %I from public', current_schema());
  execute format('grant usage on schema %I to centric_lead, centric_agent, centric_read_only',
    current_schema());
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect, temporary on database %I to centric_owner, centric_lead,'
    ' centric_agent, centric_read_only', current_database());
  for thing in select relname, relkind from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'v') loop
    execute format('alter %s %I owner to centric_owner',
      case thing.relkind when 'v' then 'view' else 'table' end, thing.relname);
    execute format('revoke all on %I from public, centric_lead, centric_agent, centric_read_only',
      thing.relname);
    execute format('grant select on %I to centric_lead, centric_agent, centric_read_only',
      thing.relname);
  end loop;
  alter function search(tsquery) owner to centric_owner;
end $$
"""
RIGHTS = """
grant insert, update, delete on all tables in schema {schema} to centric_lead, centric_agent;
revoke insert, update, delete on {leads_tables}, schema_version from centric_agent;
revoke insert, update, delete on schema_version from centric_lead;
revoke update, delete on journal from centric_lead, centric_agent;
grant update(undone_by) on journal to centric_agent;
grant update(undone_by, sentence, payload, salt) on journal to centric_lead;
revoke update, delete on agents from centric_agent;
grant update(name) on agents to centric_agent;
grant truncate on search_rows, customer_keys to centric_lead, centric_agent;
grant insert, update, delete on {own_tables} to centric_read_only
"""
# A view runs with the rights of who asks, so that no policy is walked around.
VIEWS_ASK = "alter view {name} set (security_invoker = true)"
OWN_AGENT = """
create or replace function own_agent_id() returns bigint language sql stable as
  'select id from agents where login = cast(current_user as text)';
alter function own_agent_id() owner to centric_owner
"""
POLICIES = """
alter table journal enable row level security;
alter table journal force row level security;
create policy everyone_reads on journal for select using (true);
create policy under_their_own_name on journal for insert with check (agent_id = own_agent_id());
create policy taken_back on journal for update using (true);
alter table agents enable row level security;
create policy everyone_reads on agents for select using (true);
create policy leads_write on agents for all to centric_lead using (true) with check (true);
create policy first_start on agents for insert to centric_agent
  with check (login = cast(current_user as text) and role = 'agent');
create policy own_name on agents for update to centric_agent
  using (login = cast(current_user as text));
"""
OWN_POLICIES = """
alter table {name} enable row level security;
create policy everyone_reads on {name} for select using (true);
create policy their_own on {name} for all using (agent_id = own_agent_id())
  with check (agent_id = own_agent_id());
create policy leads_write on {name} for all to centric_lead using (true) with check (true)
"""
# Behind the policies: whoever writes, an act that was written down stays what it was.
GUARD = """
create or replace function guard_journal() returns trigger language plpgsql as $$ begin
  if tg_op <> 'UPDATE' then
    raise exception using errcode = 'insufficient_privilege',
      message = 'an act is never deleted from the journal';
  end if;
  if (new.seq, new.at, new.agent_id, new.command, new.digest, new.hash, new.undoes)
      is distinct from
      (old.seq, old.at, old.agent_id, old.command, old.digest, old.hash, old.undoes)
    or new.undone_by <> old.undone_by and old.undone_by <> 0
    or (new.sentence, new.payload, new.salt) is distinct from
       (old.sentence, old.payload, old.salt)
       and not (new.sentence = '' and new.payload = '' and new.salt = '')
  then
    raise exception using errcode = 'insufficient_privilege',
      message = 'an act in the journal is never changed';
  end if;
  return new;
end $$;
alter function guard_journal() owner to centric_owner;
drop trigger if exists guard_journal on journal;
create trigger guard_journal before update or delete on journal
  for each row execute function guard_journal();
drop trigger if exists guard_journal_whole on journal;
create trigger guard_journal_whole before truncate on journal
  for each statement execute function guard_journal()
"""
DROP_POLICIES = """
do $$ declare one record; begin
  for one in select policyname, tablename from pg_policies
      where schemaname = current_schema() loop
    execute format('drop policy %I on %I', one.policyname, one.tablename);
  end loop;
end $$
"""
