"""The tables of version 1, written once for both engines.

Placeholders stand for what the engines spell differently: ``{big}`` a 64-bit integer, ``{text}``
text compared byte by byte, ``{blob}`` bytes, ``{strict}`` and ``{keyed}`` the table options
(``keyed`` clusters the rows by their primary key). Times are UTC milliseconds, booleans 0 or 1,
enumerations the words of the vocabulary.
"""

from __future__ import annotations

TABLES = """
create table settings(
  name {text} primary key,
  value {text} not null
){strict};

create table id_blocks(
  name {text} primary key,
  next {big} not null
){strict};

create table teams(
  id {big} primary key,
  name {text} not null unique
){strict};

create table agents(
  id {big} primary key,
  login {text} not null unique,
  name {text} not null,
  role {text} not null default 'agent' check (role in ('lead', 'agent', 'read_only')),
  active {big} not null default 1
){strict};

create table team_agents(
  team_id {big} not null references teams(id),
  agent_id {big} not null references agents(id),
  primary key(team_id, agent_id)
){keyed};

create table sessions(
  id {text} primary key,
  agent_id {big} not null,
  machine {text} not null,
  host {text} not null,
  origin {text} not null,
  began_at {big} not null,
  seen_at {big} not null
){strict};

create table own_addresses(
  kind {text} not null check (kind in ('email', 'domain', 'phone', 'handle', 'name')),
  value {text} not null,
  primary key(kind, value)
){keyed};

create table sources(
  id {big} primary key,
  name {text} not null unique,
  connector {text} not null,
  title {text} not null,
  time_zone {text} not null default '',
  settings {text} not null default '{{}}',
  created_at {big} not null,
  last_success_at {big} not null default 0,
  last_error {text} not null default ''
){strict};

create table cursors(
  source_id {big} not null references sources(id),
  scope {text} not null,
  value {text} not null,
  at {big} not null,
  primary key(source_id, scope)
){keyed};

create table pulls(
  source_id {big} primary key references sources(id),
  holder {text} not null default '',
  held_until {big} not null default 0,
  work_since {big} not null,
  complete {big} not null default 0
){strict};

create table places(
  source_id {big} not null references sources(id),
  folder {text} not null,
  validity {big} not null,
  uid {big} not null,
  entry_id {big} not null,
  quarantine_id {big} not null,
  labels {text} not null default '',
  at {big} not null,
  primary key(source_id, folder, validity, uid)
){keyed};

create table received(
  source_id {big} not null references sources(id),
  seq {big} not null,
  at {big} not null,
  original {blob} not null,
  salt {blob} not null,
  sealed {blob} not null,
  digest {blob} not null,
  primary key(source_id, seq)
){keyed};

create table organizations(
  id {big} primary key,
  name {text} not null,
  domain {text} not null default '',
  created_at {big} not null
){strict};
create unique index organizations_domain on organizations(domain) where domain <> '';
create index organizations_name on organizations(lower(name));

create table customers(
  id {big} primary key,
  canonical_id {big} not null,
  name {text} not null,
  named {big} not null default 0,
  organization_id {big} references organizations(id),
  title {text} not null default '',
  stage {text} not null default 'active'
    check (stage in ('prospect', 'onboarding', 'active', 'at_risk', 'former')),
  vip {big} not null default 0,
  risk {text} not null default '',
  risk_at {big} not null default 0,
  goals {text} not null default '',
  success_owner_id {big} references agents(id),
  language {text} not null default '',
  time_zone {text} not null default '',
  preferred_channel {text} not null default '',
  entries {big} not null default 0,
  cases {big} not null default 0,
  open_cases {big} not null default 0,
  first_at {big} not null default 0,
  last_inbound_at {big} not null default 0,
  last_outbound_at {big} not null default 0,
  created_at {big} not null,
  version {big} not null default 1,
  chosen_at {big} not null default 0,
  face_id {big} not null default 0
){strict};
create index customers_canonical on customers(canonical_id);
create index customers_organization on customers(organization_id, last_inbound_at desc);

create table customer_fields(
  customer_id {big} not null references customers(id),
  name {text} not null,
  value {text} not null,
  primary key(customer_id, name)
){keyed};

create table promises(
  id {big} primary key,
  customer_id {big} not null references customers(id),
  case_id {big} not null default 0,
  agent_id {big} not null references agents(id),
  text {text} not null,
  due_at {big} not null default 0,
  state {text} not null check (state in ('open', 'kept', 'broken', 'withdrawn')),
  made_at {big} not null,
  ended_at {big} not null default 0
){strict};
create index promises_open on promises(customer_id, due_at) where state = 'open';

create table organization_domains(
  domain {text} primary key,
  organization_id {big} not null
){keyed};

create table customer_links(
  id {big} primary key,
  one_id {big} not null references customers(id),
  other_id {big} not null references customers(id),
  made_by {big} references agents(id),
  made_at {big} not null,
  evidence {text} not null,
  undone_at {big} not null default 0
){strict};
create index customer_links_one on customer_links(one_id);
create index customer_links_other on customer_links(other_id);

create table match_decisions(
  one_id {big} not null references customers(id),
  other_id {big} not null references customers(id),
  made_by {big} references agents(id),
  made_at {big} not null,
  reason {text} not null default '',
  primary key(one_id, other_id),
  check (one_id < other_id)
){keyed};
create index match_decisions_other on match_decisions(other_id);

create table match_suggestions(
  one_id {big} not null,
  other_id {big} not null,
  bits {big} not null,
  signals {text} not null,
  at {big} not null,
  primary key(one_id, other_id)
){keyed};
create index match_suggestions_bits on match_suggestions(bits, one_id, other_id);
create index match_suggestions_other on match_suggestions(other_id);

create table identities(
  id {big} primary key,
  kind {text} not null check (kind in ('email', 'phone', 'handle', 'external_id', 'name')),
  network {text} not null default '',
  value {text} not null,
  raw {text} not null,
  name {text} not null default '',
  customer_id {big} references customers(id),
  own {big} not null default 0,
  state {text} not null default 'observed'
    check (state in ('confirmed', 'observed', 'suggested', 'rejected')),
  verified {big} not null default 0,
  source_id {big} references sources(id),
  evidence {text} not null default '',
  entries {big} not null default 0,
  first_at {big} not null default 0,
  last_at {big} not null default 0,
  read_at {big} not null default 0,
  unique(kind, network, value)
){strict};
create index identities_customer on identities(customer_id);

create table identity_facts(
  identity_id {big} not null references identities(id),
  kind {text} not null check (kind in ('phone', 'company', 'title', 'mailbox')),
  value {text} not null,
  raw {text} not null,
  entry_id {big} not null default 0,
  at {big} not null default 0,
  primary key(identity_id, kind, value)
){keyed};
create index identity_facts_value on identity_facts(kind, value);

create table identity_names(
  identity_id {big} not null references identities(id),
  name {text} not null,
  times {big} not null default 1,
  last_at {big} not null default 0,
  primary key(identity_id, name)
){keyed};

create table identity_aliases(
  identity_id {big} not null references identities(id),
  other_id {big} not null references identities(id),
  primary key(identity_id, other_id)
){keyed};

create table conversations(
  id {big} primary key,
  channel {text} not null,
  source_id {big} not null references sources(id),
  subject {text} not null,
  subject_key {text} not null,
  case_id {big} not null,
  joined_id {big} not null default 0,
  entries {big} not null default 0,
  first_at {big} not null,
  last_at {big} not null,
  last_human_at {big} not null default 0,
  last_human_direction {text} not null default ''
){strict};
create index conversations_case on conversations(case_id);

create table conversation_keys(
  key {text} primary key,
  conversation_id {big} not null references conversations(id)
){keyed};

create table thread_rules(
  id {big} primary key,
  kind {text} not null check (kind in ('mark', 'apart')),
  scope {text} not null default '',
  shape {text} not null default '',
  one_id {big} not null default 0,
  other_id {big} not null default 0,
  example {text} not null default '',
  made_by {big} not null,
  made_at {big} not null,
  undone_at {big} not null default 0
){strict};

create table queues(
  id {big} primary key,
  name {text} not null unique,
  position {big} not null,
  pin {big} not null default 0,
  query {text} not null,
  sort {text} not null default 'urgency',
  folder {big} not null default 0,
  shipped {big} not null default 0
){strict};

create table cases(
  id {big} primary key,
  requester_id {big} not null references identities(id),
  subject {text} not null,
  subject_key {text} not null,
  channel {text} not null,
  status {text} not null
    check (status in ('new', 'open', 'pending', 'on_hold', 'resolved', 'closed')),
  urgency {text} not null default 'normal'
    check (urgency in ('low', 'normal', 'high', 'urgent')),
  urgency_rank {big} not null default 2,
  owner_id {big} references agents(id),
  team_id {big} references teams(id),
  queue_id {big} references queues(id),
  tier {big} not null default 1,
  type {text} not null default 'question'
    check (type in ('question', 'incident', 'request', 'feedback', 'task')),
  waiting_on {text} not null default 'us'
    check (waiting_on in ('us', 'customer', 'third_party', 'team')),
  waiting_name {text} not null default '',
  waiting_since {big} not null,
  snoozed_until {big} not null default 0,
  due_at {big} not null default 4503599627370496,
  resolution {text} not null default ''
    check (resolution in
      ('', 'answer', 'workaround', 'fix', 'duplicate', 'no_response', 'not_actionable')),
  resolved_at {big} not null default 0,
  merged_into {big} not null default 0,
  spam {big} not null default 0,
  history {big} not null default 0,
  worked {big} not null default 0,
  unresolved {big} not null default 0,
  opened_at {big} not null,
  updated_at {big} not null,
  revision {big} not null default 1
){strict};
create index cases_work on cases(
  urgency_rank, waiting_since, id, unresolved, snoozed_until, status, waiting_on, owner_id,
  queue_id, due_at, urgency, requester_id, channel, tier, type, team_id
) where unresolved = 1;
create index cases_owner on cases(
  owner_id, urgency_rank, waiting_since, id, unresolved, snoozed_until, status, waiting_on
) where unresolved = 1;
create index cases_queue on cases(
  queue_id, urgency_rank, waiting_since, id, unresolved, snoozed_until, status, waiting_on
) where unresolved = 1;
create index cases_turn on cases(
  queue_id, waiting_on, snoozed_until, waiting_since, unresolved
) where unresolved = 1;
create index cases_asker on cases(
  requester_id, urgency_rank, waiting_since, id, unresolved
) where unresolved = 1;
create index cases_waiting on cases(
  waiting_on, waiting_since, id, unresolved, snoozed_until, status
) where unresolved = 1;
create index cases_snoozed on cases(
  snoozed_until, waiting_on, waiting_since, id, unresolved
) where unresolved = 1 and snoozed_until > 0;
create index cases_requester on cases(requester_id, unresolved, updated_at);
create index cases_updated on cases(updated_at, id) where history = 0;

create table case_links(
  case_id {big} not null references cases(id),
  other_id {big} not null references cases(id),
  kind {text} not null check (kind in ('related', 'duplicate_of', 'follow_up', 'split_from')),
  primary key(case_id, other_id, kind)
){keyed};
create index case_links_other on case_links(other_id);

create table tags(
  id {big} primary key,
  name {text} not null unique,
  cases {big} not null default 0
){strict};

create table case_tags(
  case_id {big} not null references cases(id),
  tag_id {big} not null references tags(id),
  primary key(case_id, tag_id)
){keyed};
create index case_tags_tag on case_tags(tag_id, case_id);

create table entries(
  identity_id {big} not null references identities(id),
  at {big} not null,
  id {big} not null,
  kind {text} not null
    check (kind in ('message', 'note', 'call', 'event', 'survey', 'review')),
  direction {text} not null check (direction in ('inbound', 'outbound', 'internal')),
  channel {text} not null check (channel in
    ('email', 'chat', 'phone', 'sms', 'social', 'review', 'web', 'api')),
  case_id {big} not null,
  conversation_id {big} not null default 0,
  author_id {big} not null default 0,
  agent_id {big} not null default 0,
  author {text} not null,
  subject {text} not null,
  preview {text} not null,
  characters {big} not null,
  lines {big} not null,
  attachments {big} not null default 0,
  automatic {text} not null default '',
  pinned {big} not null default 0,
  removed {big} not null default 0,
  at_offset {big},
  zone_source {text} not null default 'stated',
  precision {text} not null default 's',
  revision {big} not null default 1,
  primary key(identity_id, at, id)
){keyed};
create unique index entries_id on entries(id);
create index entries_case on entries(case_id, at, id);
create index entries_pinned on entries(identity_id, at, removed, pinned) where pinned = 1;

create table entry_identities(
  identity_id {big} not null,
  at {big} not null,
  entry_id {big} not null,
  primary key(identity_id, at, entry_id)
){keyed};

create table entry_texts(
  entry_id {big} primary key,
  codec {big} not null,
  data {blob} not null,
  folds {text} not null default '',
  defects {text} not null default ''
){strict};

create table entry_parties(
  entry_id {big} not null,
  role {text} not null,
  position {big} not null,
  identity_id {big} not null references identities(id),
  name {text} not null,
  primary key(entry_id, role, position)
){keyed};

create table entry_revisions(
  entry_id {big} not null,
  revision {big} not null,
  replaced_at {big} not null,
  subject {text} not null,
  codec {big} not null,
  data {blob} not null,
  folds {text} not null,
  primary key(entry_id, revision)
){keyed};

create table origins(
  source_id {big} not null,
  external_id {text} not null,
  entry_id {big} not null,
  content_key {text} not null,
  message_id {text} not null default '',
  original {blob},
  primary key(source_id, external_id)
){keyed};
create index origins_entry on origins(entry_id);
create index origins_message on origins(message_id) where message_id <> '';

create table attachments(
  entry_id {big} not null,
  position {big} not null,
  name {text} not null,
  media_type {text} not null,
  size {big} not null,
  sha256 {text} not null,
  part {text} not null,
  url {text} not null,
  primary key(entry_id, position)
){keyed};

create table raws(
  sha256 {blob} not null,
  chunk {big} not null,
  codec {big} not null,
  size {big} not null,
  data {blob} not null,
  primary key(sha256, chunk)
){strict};

create table quarantine(
  id {big} primary key,
  source_id {big} not null references sources(id),
  external_id {text} not null,
  place {text} not null,
  reason {text} not null,
  original {blob} not null,
  size {big} not null,
  first_at {big} not null,
  last_at {big} not null,
  tries {big} not null default 1,
  unique(source_id, external_id)
){strict};

create table drafts(
  case_id {big} not null,
  agent_id {big} not null,
  kind {text} not null check (kind in ('note', 'reply')),
  text {text} not null,
  cursor_line {big} not null default 0,
  cursor_column {big} not null default 0,
  case_revision {big} not null,
  updated_at {big} not null,
  primary key(case_id, agent_id, kind)
){keyed};

create table seen(
  agent_id {big} not null,
  case_id {big} not null,
  entry_at {big} not null,
  primary key(agent_id, case_id)
){keyed};

create table journal(
  seq {big} primary key,
  at {big} not null,
  agent_id {big} not null,
  command {text} not null,
  sentence {text} not null,
  payload {text} not null,
  salt {blob} not null,
  digest {blob} not null,
  hash {blob} not null,
  undoes {big} not null default 0,
  undone_by {big} not null default 0
){strict};
create index journal_agent on journal(agent_id, seq);

create table journal_subjects(
  kind {text} not null,
  id {big} not null,
  seq {big} not null,
  primary key(kind, id, seq)
){keyed};
create index journal_subjects_seq on journal_subjects(seq);

create table erasures(
  id {big} primary key,
  customer_id {big} not null,
  agent_id {big} not null references agents(id),
  mode {text} not null check (mode in ('anonymise', 'replace', 'remove')),
  begun_at {big} not null,
  done_at {big} not null default 0,
  scrubbed_at {big} not null default 0,
  counts {text} not null default '{{}}'
){strict};

create table erased_marks(
  digest {blob} primary key,
  erasure_id {big} not null references erasures(id)
){keyed};

create table customer_texts(
  customer_id {big} primary key,
  text {text} not null
){strict};

create table terms(
  term {text} primary key,
  entries {big} not null
){keyed};
"""

VIEWS = """
create view v_case as
select c.id as case_number, c.subject, c.status, c.urgency, o.login as owner, q.name as queue,
  c.waiting_on, c.waiting_since, c.snoozed_until, c.resolution, c.history, c.spam,
  k.canonical_id as customer_id, k.name as customer, g.name as organization,
  c.opened_at, c.updated_at, c.resolved_at
from cases c
join identities i on i.id = c.requester_id
left join customers m on m.id = i.customer_id
left join customers k on k.id = case when m.face_id > 0 then m.face_id else m.canonical_id end
left join organizations g on g.id = k.organization_id
left join agents o on o.id = c.owner_id
left join queues q on q.id = c.queue_id;

create view v_entry as
select e.id as entry_id, e.case_id as case_number, e.kind, e.direction, e.channel, e.author,
  e.subject, e.preview, e.characters, e.attachments, e.automatic, e.pinned, e.at,
  k.canonical_id as customer_id
from entries e
join identities i on i.id = e.identity_id
left join customers k on k.id = i.customer_id
where e.removed = 0;

create view v_customer as
select k.id as customer_id, k.canonical_id, k.name, g.name as organization, k.title, k.stage,
  k.vip, k.risk, k.goals, k.language, k.time_zone, k.preferred_channel,
  k.entries, k.cases, k.open_cases, k.first_at, k.last_inbound_at, k.last_outbound_at
from customers k
left join organizations g on g.id = k.organization_id;

create view v_identity as
select i.id as identity_id, i.kind, i.network, i.value, i.name, i.state, i.own,
  k.canonical_id as customer_id, i.entries, i.first_at, i.last_at
from identities i
left join customers k on k.id = i.customer_id;

create view v_case_tag as
select t.case_id as case_number, g.name as tag
from case_tags t join tags g on g.id = t.tag_id;
"""
