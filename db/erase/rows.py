"""Take a person out of everything but entries: cases, addresses, profile, journal, the rest."""

from __future__ import annotations

from collections.abc import Iterable

from db.among import among
from db.counters import count_customers, count_identities, count_tags, recall_contacts
from db.engine.interface import Connection, Value
from db.erase.entries import ANONYMISE, REMOVE, Entries
from db.erase.person import STAND_IN_NETWORK, Person
from db.erase.record import origin_mark
from db.erase.survey import Survey
from db.erase.words import MASK, Mask
from db.identity.lookup_index import index_customers
from db.ids import take
from db.schema.catalogue import TableInfo, tables
from db.subjects import subject_key

# Kept apart, or made anew.
_OF_OTHERS = frozenset({"identities", "customers", "customer_texts", "erasures"})

_STAND_IN = "select id from identities where kind = 'external_id' and network = :n and value = :v"
_ADD_STAND_IN = """
insert into identities(id, kind, network, value, raw, name, customer_id, state)
values(:id, 'external_id', :network, :value, '', :name, :customer, 'observed')
"""
_CASE = "select subject, waiting_name from cases where id = :id"
_SET_CASE = """
update cases set requester_id = :requester, subject = :subject, subject_key = :key,
  waiting_name = :waiting, revision = revision + 1
where id = :id
"""
_HEIR = """
select e.identity_id from entries e join identities i on i.id = e.identity_id
where e.case_id = :case and i.own = 0 order by e.at, e.id limit 1
"""
_LEFT_IN_CASE = "select id from entries where case_id = :case"
_CONVERSATIONS = """
select id, subject from conversations where case_id in (:among)
"""
_SET_CONVERSATION = "update conversations set subject = :subject, subject_key = :key where id = :id"
_FORGET_KEYS = "delete from conversation_keys where conversation_id = :id"
_UNMERGE = """
update cases set merged_into = 0
where merged_into > 0 and not exists (select 1 from cases c where c.id = cases.merged_into)
"""
_LEFT_OF = "select entries, case_id from conversations where id = :id"
_CASE_IS_THERE = "select 1 from cases where id = :id"
# Nothing indexes it: only for a conversation that goes on in another case.
_CASE_OF_REST = "select case_id from entries where conversation_id = :id limit 1"
_MOVE_CONVERSATION = "update conversations set case_id = :case where id = :id"
_DROP_CONVERSATION = "delete from conversations where id = :id"
_TAGS_OF = "select tag_id from case_tags where case_id = :id"
_CUSTOMER_OF = "select customer_id from identities where id in (:among) and customer_id is not null"
_ORGANIZATIONS = "select organization_id from customers where id in (:among)"
_DROP_ORGANIZATION = """
delete from organizations where id = :id
  and not exists (select 1 from customers k where k.organization_id = organizations.id)
"""
_DROP_DOMAINS = """
delete from organization_domains where organization_id = :id
  and not exists (select 1 from organizations g where g.id = :id)
"""
_SET_CUSTOMER = """
update customers set canonical_id = id, face_id = 0, chosen_at = 0, name = :name, named = 1,
  organization_id = null, title = '', vip = 0, risk = '', risk_at = 0, goals = '', language = '',
  time_zone = '', preferred_channel = '', success_owner_id = null, version = version + 1
where id = :id
"""
_DROP_CUSTOMER = "delete from customers where id = :id"
_DROP_IDENTITY = "delete from identities where id = :id"
_ERASE_ACT = "update journal set sentence = '', payload = '', salt = :nothing where seq = :seq"
_BROKEN = """
select q.id, s.name, q.external_id, q.original from quarantine q
join sources s on s.id = q.source_id where q.id in (:among)
"""
_OF_IDENTITIES = (
    "delete from identity_facts where identity_id = :id",
    "delete from identity_names where identity_id = :id",
    "delete from identity_aliases where identity_id = :id",
    "delete from identity_aliases where other_id = :id",
    "delete from entry_identities where identity_id = :id",
)
_OF_CUSTOMERS = (
    "delete from customer_links where one_id = :id",
    "delete from customer_links where other_id = :id",
    "delete from match_decisions where one_id = :id",
    "delete from match_decisions where other_id = :id",
    "delete from match_suggestions where one_id = :id",
    "delete from match_suggestions where other_id = :id",
)


def stand_in_for(connection: Connection, person: Person) -> int:
    """Return the identity that takes the place of the person's, made where there is none."""
    value = str(person.customer_id)
    found = connection.value(_STAND_IN, {"n": STAND_IN_NETWORK, "v": value})
    if found is not None:
        return int(found)
    number = take(connection, "identities")
    connection.run(
        _ADD_STAND_IN,
        {
            "id": number,
            "network": STAND_IN_NETWORK,
            "value": value,
            "name": person.label,
            "customer": person.customer_id,
        },
    )
    return number


class Rest:
    """Takes one person out of everything that is not an entry, in one transaction."""

    def __init__(
        self, connection: Connection, found: Survey, mode: str, stand_in: int, entries: Entries
    ) -> None:
        self._connection = connection
        self._found = found
        self._person = found.person
        self._mode = mode
        self._stand_in = stand_in
        self._entries = entries
        self._every = Mask.every(found.person.named)
        self._salt = b""

    def erase(self, salted: bytes) -> None:
        """Do all of it, after the entries."""
        self._salt = salted
        conversations = self._conversations()
        for case_id in self._person.cases:
            self._case(case_id)
        if self._mode == REMOVE:
            self._connection.run(_UNMERGE)
        for number in conversations if self._mode == REMOVE else ():
            self._settle_conversation(number)
        self._rows()
        self._broken()
        self._journal()
        self._profile()

    # Cases and conversations

    def _case(self, case_id: int) -> None:
        connection = self._connection
        row = connection.one(_CASE, {"id": case_id})
        if row is None:
            return
        subject, waiting = row
        requester = self._stand_in
        if self._mode == REMOVE:
            heir = connection.value(_HEIR, {"case": case_id})
            if heir is None:
                self._drop_case(case_id)
                return
            requester = int(heir)
        elif self._mode == ANONYMISE:
            waiting = self._every.text(waiting)
        else:
            waiting = ""
        subject = self._subject(subject)
        params: dict[str, Value] = {"id": case_id, "requester": requester, "subject": subject}
        connection.run(_SET_CASE, {**params, "key": subject_key(subject), "waiting": waiting})

    def _subject(self, subject: str) -> str:
        if self._mode == ANONYMISE:
            return self._every.text(subject)
        return MASK if subject else ""

    def _drop_case(self, case_id: int) -> None:
        """Remove a case with all that hangs on it, whatever table that is in."""
        connection = self._connection
        for (entry_id,) in connection.all(_LEFT_IN_CASE, {"case": case_id}):
            self._entries.remove(entry_id)
        tags = connection.all(_TAGS_OF, {"id": case_id})
        for table in tables().values():
            if "case_id" in table.columns and table.name not in ("entries", "conversations"):
                # A name of our own schema.
                connection.run(f"delete from {table.name} where case_id = :id", {"id": case_id})  # noqa: S608
        connection.run("delete from case_links where other_id = :id", {"id": case_id})
        count_tags(connection, (tag for (tag,) in tags))
        connection.run("delete from cases where id = :id", {"id": case_id})

    def _conversations(self) -> list[int]:
        """Mask the subjects of the person's conversations; return the conversations."""
        connection = self._connection
        found = list(among(connection, _CONVERSATIONS, self._person.cases))
        for number, subject in found:
            new = self._subject(subject)
            params: dict[str, Value] = {"id": number, "subject": new, "key": subject_key(new)}
            connection.run(_SET_CONVERSATION, params)
            # What they write from now on is a new contact, and begins a new thread.
            connection.run(_FORGET_KEYS, {"id": number})
        return [row[0] for row in found]

    def _settle_conversation(self, number: int) -> None:
        """Remove a conversation of which nothing is left; let another follow its entries."""
        connection = self._connection
        entries, case_id = connection.one(_LEFT_OF, {"id": number}) or (0, 0)
        if not entries:
            connection.run(_DROP_CONVERSATION, {"id": number})
        elif not connection.value(_CASE_IS_THERE, {"id": case_id}):
            rest = connection.value(_CASE_OF_REST, {"id": number}) or 0
            connection.run(_MOVE_CONVERSATION, {"id": number, "case": rest})

    # What else names them

    def _rows(self) -> None:
        """Mask texts in any other table; a row whose key names them goes."""
        mask = self._found.everywhere()
        for name, found in self._found.rows.items():
            table = tables()[name]
            where = " and ".join(f"{key} = :{key}" for key in table.key)
            for key, columns in found:
                # Names come from the schema.
                if not columns:
                    self._connection.run(f"delete from {name} where {where}", key)  # noqa: S608
                    continue
                listed = ", ".join(columns)
                row = self._connection.one(f"select {listed} from {name} where {where}", key)  # noqa: S608
                if row is None:
                    continue
                new = dict(zip(columns, (mask.text(str(text)) for text in row), strict=True))
                assigned = ", ".join(f"{column} = :{column}" for column in columns)
                sql = f"update {name} set {assigned} where {where}"  # noqa: S608
                self._connection.run(sql, {**key, **new})
                if name in ("cases", "conversations") and "subject" in new:
                    sql = f"update {name} set subject_key = :new where {where}"  # noqa: S608
                    self._connection.run(sql, {**key, "new": subject_key(new["subject"])})

    def _broken(self) -> None:
        """Remove what was set aside and names them, and keep it out."""
        rows = list(among(self._connection, _BROKEN, self._found.quarantined))
        for number, source, external_id, original in rows:
            self._entries.marks.add(origin_mark(self._salt, source, external_id))
            if original:
                self._entries.raws.add(bytes(original))
            self._connection.run("delete from quarantine where id = :id", {"id": number})

    def _journal(self) -> None:
        """Empty the acts that tell of them; the chain over the digests still holds."""
        self._connection.many(
            _ERASE_ACT, [{"seq": seq, "nothing": b""} for seq in sorted(self._found.acts)]
        )

    # Who they were

    def _profile(self) -> None:
        connection, person = self._connection, self._person
        organizations = [
            row[0] for row in among(connection, _ORGANIZATIONS, person.members) if row[0]
        ]
        connection.many(
            "delete from customer_links where id = :id",
            ({"id": number} for number in self._links()),
        )
        identities = tuple(n for n in person.identities if n != self._stand_in)
        for statement in _OF_IDENTITIES:
            connection.many(statement, [{"id": number} for number in identities])
        self._let_go_of("identity_id", identities)
        connection.many(_DROP_IDENTITY, [{"id": number} for number in identities])
        for statement in _OF_CUSTOMERS:
            connection.many(statement, [{"id": number} for number in person.members])
        gone = set(person.members)
        if self._mode != REMOVE:
            gone.discard(person.customer_id)
            connection.run(_SET_CUSTOMER, {"id": person.customer_id, "name": person.label})
        self._theirs()
        connection.many(_DROP_CUSTOMER, [{"id": number} for number in sorted(gone)])
        connection.many(_DROP_ORGANIZATION, [{"id": number} for number in organizations])
        connection.many(_DROP_DOMAINS, [{"id": number} for number in organizations])
        self._count()
        index_customers(connection, person.members)

    def _links(self) -> Iterable[int]:
        """Return the links between the members; they hang together no longer."""
        sql = "select id from customer_links where one_id in (:among)"
        return [row[0] for row in among(self._connection, sql, self._person.members)]

    def _let_go_of(self, column: str, numbers: tuple[int, ...]) -> None:
        """Remove what further tables keep of an address that goes."""
        known = {"identities", "identity_facts", "identity_names", "identity_aliases"}
        known |= {"entries", "entry_identities", "entry_parties"}
        for table in tables().values():
            if column in table.columns and table.name not in known:
                # A name of our own schema.
                sql = f"delete from {table.name} where {column} = :id"  # noqa: S608
                self._connection.many(sql, [{"id": number} for number in numbers])

    def _theirs(self) -> None:
        """Erase what further tables keep of the customer, as the mode says.

        What describes them goes in any mode; what was agreed with them stays without its words.
        """
        for table in tables().values():
            if "customer_id" not in table.columns or table.name in _OF_OTHERS:
                continue
            if self._mode == REMOVE or "customer_id" in table.key:
                # A name of our own schema.
                sql = f"delete from {table.name} where customer_id = :id"  # noqa: S608
                self._connection.many(sql, [{"id": number} for number in self._person.members])
            else:
                self._rewrite(table)

    def _rewrite(self, table: TableInfo) -> None:
        """Mask or empty the texts of a table's rows, and give them to the canonical customer."""
        columns = table.texts
        # Names of our own schema.
        listed = ", ".join((*table.key, *columns))
        sql = f"select {listed} from {table.name} where customer_id in (:among)"  # noqa: S608
        assigned = ", ".join(f"{column} = :{column}" for column in ("customer_id", *columns))
        where = " and ".join(f"{key} = :{key}" for key in table.key)
        update = f"update {table.name} set {assigned} where {where}"  # noqa: S608
        for row in list(among(self._connection, sql, self._person.members)):
            found = dict(zip((*table.key, *columns), row, strict=True))
            texts = {column: self._subject(str(found[column])) for column in columns}
            self._connection.run(
                update, {**found, **texts, "customer_id": self._person.customer_id}
            )

    def _count(self) -> None:
        """Count anew what changed for others, and for the stand-in."""
        connection = self._connection
        touched = self._entries.touched - set(self._person.identities)
        if self._stand_in:
            touched.add(self._stand_in)
        count_identities(connection, touched)
        customers = {row[0] for row in among(connection, _CUSTOMER_OF, touched)}
        sql = "select requester_id from cases where id in (:among)"
        heirs = {row[0] for row in among(connection, sql, self._person.cases)}
        customers |= {row[0] for row in among(connection, _CUSTOMER_OF, heirs)}
        count_customers(connection, customers)
        recall_contacts(connection, customers)
