"""Take a person out of entries: what they said and were told, and where others name them.

Each entry is done in one transaction with its place in the search index, and doing it again changes
nothing: an erase that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from db.among import among
from db.arrival import preview_of
from db.engine.interface import Connection, Value
from db.erase.person import Person
from db.erase.record import origin_mark
from db.erase.words import MASK, Mask
from db.ids import keep_entry_id
from db.received import forget
from db.search import forget_entry, index_entry
from db.texts import pack, pack_folds, unpack, unpack_defects, unpack_folds

ANONYMISE, REPLACE, REMOVE = "anonymise", "replace", "remove"
ORIGINAL_GONE = "The original was removed: it names a customer who was erased."

_ENTRY = """
select e.identity_id, e.at, e.kind, e.direction, e.author_id, e.author, e.subject, e.removed,
  t.codec, t.data, t.folds, t.defects, e.conversation_id
from entries e left join entry_texts t on t.entry_id = e.id where e.id = :id
"""
_SET = """
update entries set identity_id = :identity, author_id = :author_id, author = :author,
  subject = :subject, preview = :preview, characters = :characters, lines = :lines,
  attachments = :attachments
where id = :id
"""
_SET_TEXT = """
update entry_texts set codec = :codec, data = :data, folds = :folds, defects = :defects
where entry_id = :id
"""
_FILES = "select position, name, url, part, sha256 from attachments where entry_id = :id"
_SET_FILE = """
update attachments set name = :name, url = :url where entry_id = :id and position = :position
"""
_REVISIONS = """
select revision, subject, codec, data, folds from entry_revisions where entry_id = :id
"""
_SET_REVISION = """
update entry_revisions set subject = :subject, codec = :codec, data = :data, folds = :folds
where entry_id = :id and revision = :revision
"""
_PARTIES = "select role, position, identity_id, name from entry_parties where entry_id = :id"
_SET_PARTY = """
update entry_parties set identity_id = :identity, name = :name
where entry_id = :id and role = :role and position = :position
"""
_DROP_PARTY = """
delete from entry_parties where entry_id = :id and role = :role and position = :position
"""
_OTHERS = """
select distinct t.identity_id from entry_parties p join entry_identities t
  on t.identity_id = p.identity_id and t.at = :at and t.entry_id = p.entry_id
where p.entry_id = :id
"""
_DROP_OTHER = """
delete from entry_identities where entry_id = :id and at = :at and identity_id = :identity
"""
_ADD_OTHER = """
insert into entry_identities(identity_id, at, entry_id) values(:identity, :at, :id)
on conflict do nothing
"""
_ORIGINS = """
select o.source_id, s.name, o.external_id, o.message_id, o.original
from origins o join sources s on s.id = o.source_id where o.entry_id = :id
"""
_SET_ORIGIN = """
update origins set external_id = :new, message_id = :message_id, original = :original
where source_id = :source and external_id = :old
"""
_GONE = (
    "delete from entry_texts where entry_id = :id",
    "delete from entry_parties where entry_id = :id",
    "delete from entry_revisions where entry_id = :id",
    "delete from origins where entry_id = :id",
    "delete from attachments where entry_id = :id",
    "delete from entries where id = :id",
)
_LESS = "update conversations set entries = entries - 1 where id = :id"
_FORGET_FACTS = "delete from identity_facts where identity_id = :identity and entry_id = :id"


class Entries:
    """Takes one person out of entries.

    Attributes:
        marks: Digests of what was changed, by which it stays out.
        raws: SHA-256 of bytes that nothing may need any more.
        touched: Identities of others whose entries changed in number.
        originals: How many originals of others went.
    """

    def __init__(
        self, connection: Connection, person: Person, mode: str, stand_in: int, salted: bytes
    ) -> None:
        """Begin within a transaction that writes.

        Args:
            connection: Inside `Engine.write`.
            person: Who is erased.
            mode: One of the three.
            stand_in: The identity that takes the place of theirs; 0 where their entries go.
            salted: The salt of the marks.
        """
        self._connection = connection
        self._person = person
        self._identities = frozenset(person.identities)
        self._mode = mode
        self._stand_in = stand_in
        self._salt = salted
        self._certain = Mask.certain(person.named)
        self.marks: set[bytes] = set()
        self.raws: set[bytes] = set()
        self.touched: set[int] = set()
        self.originals = 0

    def own(self, entry_id: int, mask: Mask) -> None:
        """Erase an entry on the person's timeline, as the mode says."""
        if self._mode == REMOVE:
            self.remove(entry_id)
        elif self._mode == REPLACE:
            self._rewrite(entry_id, Mask(()), own=True, words=MASK)
        else:
            self._rewrite(entry_id, mask, own=True)

    def mask(self, entry_id: int, mask: Mask, *, original: bool) -> None:
        """Mask the person in an entry of somebody else.

        Args:
            entry_id: Which.
            mask: What names them there.
            original: Whether its original names them, and has to go.
        """
        self._rewrite(entry_id, mask, own=False, drop_original=original)

    def remove(self, entry_id: int) -> None:
        """Remove an entry with everything that belongs to it; its number is not given again."""
        connection = self._connection
        row = connection.one(_ENTRY, {"id": entry_id})
        if row is None:
            return
        forget_entry(connection, entry_id)
        keep_entry_id(connection, entry_id)
        for source_id, source, external_id, _message_id, original in connection.all(
            _ORIGINS, {"id": entry_id}
        ):
            del source_id
            self.marks.add(origin_mark(self._salt, source, external_id))
            self._let_go(original)
        for *_, sha256 in connection.all(_FILES, {"id": entry_id}):
            self._let_go(bytes.fromhex(sha256) if sha256 else None)
        params: dict[str, Value] = {"id": entry_id, "at": row[1]}
        self.touched.add(row[0])
        if row[12]:
            connection.run(_LESS, {"id": row[12]})
        others = {row[0] for row in connection.all(_OTHERS, params)}
        self.touched |= others
        connection.many(_DROP_OTHER, [{**params, "identity": identity} for identity in others])
        for statement in _GONE:
            connection.run(statement, {"id": entry_id})
        connection.run(_FORGET_FACTS, {"id": entry_id, "identity": row[0]})

    def _rewrite(
        self,
        entry_id: int,
        mask: Mask,
        *,
        own: bool,
        words: str = "",
        drop_original: bool = False,
    ) -> None:
        connection = self._connection
        row = connection.one(_ENTRY, {"id": entry_id})
        if row is None:
            return
        identity, at, kind, direction, author_id, author, subject, removed = row[:8]
        codec, data, folds, defects = row[8:12]
        forget_entry(connection, entry_id)
        text, kept = unpack(codec, data) if data is not None else "", unpack_folds(folds or "")
        if words:
            text, kept, subject = words, (), words if subject else ""
        else:
            text, kept = mask.folded(text, kept)
            subject = mask.text(subject)
        told = [mask.text(line) for line in unpack_defects(defects or "")]
        if author_id in self._identities:
            author_id, author = self._stand_in, self._person.label
        elif direction != "outbound" and not own:
            author = self._certain.text(author)  # what others are called is theirs
        if own and identity in self._identities and kind != "note" and direction == "inbound":
            author = self._person.label
        files = self._files(entry_id, mask, own=own)
        if self._origin(entry_id, mask, own=own, drop=own or drop_original) and not own:
            self.originals += 1
            told.append(ORIGINAL_GONE)
        self._revisions(entry_id, mask, own=own)
        home = self._stand_in if identity in self._identities else identity
        connection.run(
            _SET,
            {
                "id": entry_id,
                "identity": home,
                "author_id": author_id,
                "author": author,
                "subject": subject,
                "preview": preview_of(text, kept),
                "characters": len(text),
                "lines": text.count("\n") + 1,
                "attachments": files,
            },
        )
        if data is not None:
            new_codec, new_data = pack(text)
            connection.run(
                _SET_TEXT,
                {
                    "id": entry_id,
                    "codec": new_codec,
                    "data": new_data,
                    "folds": pack_folds(kept),
                    "defects": "\n".join(dict.fromkeys(told)),
                },
            )
        self._people(entry_id, at, home)
        if not removed:
            index_entry(connection, entry_id)

    def _people(self, entry_id: int, at: int, home: int) -> None:
        """Put the stand-in where the person was; where there is none, take them off."""
        connection = self._connection
        others = [row[0] for row in connection.all(_OTHERS, {"id": entry_id, "at": at})]
        for role, position, identity, _name in connection.all(_PARTIES, {"id": entry_id}):
            if identity not in self._identities:
                continue
            place: dict[str, Value] = {"id": entry_id, "role": role, "position": position}
            if self._stand_in:
                new: dict[str, Value] = {"identity": self._stand_in, "name": self._person.label}
                connection.run(_SET_PARTY, {**place, **new})
            else:
                connection.run(_DROP_PARTY, place)
        for identity in others:
            if identity in self._identities:
                other: dict[str, Value] = {"id": entry_id, "at": at}
                connection.run(_DROP_OTHER, {**other, "identity": identity})
                if self._stand_in and self._stand_in != home:
                    connection.run(_ADD_OTHER, {**other, "identity": self._stand_in})

    def _files(self, entry_id: int, mask: Mask, *, own: bool) -> int:
        """Take the files of the person's own entries away; mask the names of others'."""
        connection = self._connection
        files = connection.all(_FILES, {"id": entry_id})
        if own:
            for *_, sha256 in files:
                self._let_go(bytes.fromhex(sha256) if sha256 else None)
            connection.run("delete from attachments where entry_id = :id", {"id": entry_id})
            return 0
        for position, name, url, _part, _sha256 in files:
            if mask.names(f"{name}\n{url}"):
                connection.run(
                    _SET_FILE,
                    {
                        "id": entry_id,
                        "position": position,
                        "name": mask.text(name),
                        "url": "" if mask.names(url) else url,
                    },
                )
        return len(files)

    def _origin(self, entry_id: int, mask: Mask, *, own: bool, drop: bool) -> bool:
        """Take the original away, and names out of ids; say whether there was an original."""
        dropped = False
        for source_id, source, external_id, message_id, original in self._connection.all(
            _ORIGINS, {"id": entry_id}
        ):
            if external_id.startswith("erased:"):
                continue
            mark = origin_mark(self._salt, source, external_id)
            self.marks.add(mark)
            hidden = own or mask.names(f"{external_id}\n{message_id}")
            if drop:
                dropped = dropped or bool(original)
                self._let_go(original)
                original = None
            self._connection.run(
                _SET_ORIGIN,
                {
                    "source": source_id,
                    "old": external_id,
                    "new": f"erased:{mark.hex()}" if hidden else external_id,
                    "message_id": "" if hidden else message_id,
                    "original": original,
                },
            )
        return dropped

    def _revisions(self, entry_id: int, mask: Mask, *, own: bool) -> None:
        """Forget what the person's entries said before; mask what others' did."""
        connection = self._connection
        if own:
            connection.run("delete from entry_revisions where entry_id = :id", {"id": entry_id})
            return
        for revision, subject, codec, data, folds in connection.all(_REVISIONS, {"id": entry_id}):
            text, kept = mask.folded(unpack(codec, data), unpack_folds(folds))
            new_codec, new_data = pack(text)
            connection.run(
                _SET_REVISION,
                {
                    "id": entry_id,
                    "revision": revision,
                    "subject": mask.text(subject),
                    "codec": new_codec,
                    "data": new_data,
                    "folds": pack_folds(kept),
                },
            )

    def _let_go(self, sha256: bytes | None) -> None:
        if sha256:
            self.raws.add(bytes(sha256))


def drop_unused(connection: Connection, digests: Iterable[bytes] | None) -> int:
    """Remove bytes that nothing refers to any more; return how many originals and files went.

    Args:
        connection: Inside `Engine.write`.
        digests: SHA-256 of what may be unused; None for all there are.
    """
    if digests is None:
        digests = (bytes(row[0]) for row in connection.all("select sha256 from raws"))
    wanted = set(digests)
    if not wanted:
        return 0
    used = {bytes(row[0]) for row in _pages(connection, _ORIGIN_PAGE, wanted)}
    used |= {bytes(row[0]) for row in among(connection, _QUARANTINED, wanted)}
    filed = among(connection, _FILED, [one.hex() for one in wanted])
    used |= {bytes.fromhex(row[0]) for row in filed}
    gone = [{"sha256": one} for one in wanted - used]
    connection.many("delete from raws where sha256 = :sha256", gone)
    forget(connection, wanted - used)
    return len(gone)


FEW = 64
_ORIGIN_PAGE = "select distinct original from origins where original in (:among)"
_EVERY_ORIGIN = "select distinct original from origins where original is not null"
_QUARANTINED = "select distinct original from quarantine where original in (:among)"
_FILED = "select distinct sha256 from attachments where sha256 in (:among)"


def _pages(connection: Connection, few: str, wanted: set[bytes]) -> Iterable[tuple[bytes]]:
    """Yield which of these some entry has; nothing indexes them, so many are read in one pass."""
    if len(wanted) <= FEW:
        return ((row[0],) for row in among(connection, few, wanted))
    rows = connection.all(_EVERY_ORIGIN)
    return ((row[0],) for row in rows if bytes(row[0]) in wanted)
