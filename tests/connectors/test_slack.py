"""Slack exports: what a workspace said comes out, whatever state its zip file is in."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import archive as archives
from connectors.chat.slack import connector
from connectors.chat.slack_text import to_plain
from connectors.contract import (
    Address,
    BadFile,
    Batch,
    Context,
    Entry,
    Item,
    Outcome,
    Party,
    Quarantined,
    State,
)
from connectors.runner import run

NOON = 1_772_449_200  # 2026-03-02 11:00:00 UTC
USERS = [
    {
        "id": "U1",
        "team_id": "T1",
        "name": "ada",
        "profile": {"real_name": "Ada Quill", "email": "ada@acme.example"},
    },
    {"id": "U2", "team_id": "T1", "name": "bo", "real_name": "Bo Reed", "profile": {}},
    {"id": "U3", "team_id": "T9", "name": "cy", "is_stranger": True, "profile": {}},
    {"id": "U4", "team_id": "T1", "name": "robo", "is_bot": True, "profile": {}},
    {"id": "U5", "team_id": "T1", "name": "guest", "is_restricted": True, "profile": {}},
]
CHANNELS = [{"id": "C1", "name": "help"}, {"id": "C2", "name": "general"}]


def said(second: float, text: str = "hello", user: str = "U1", **more: Any) -> dict[str, Any]:
    ts = f"{NOON + int(second)}.{round(second % 1 * 1_000_000):06d}"
    return {"type": "message", "user": user, "text": text, "ts": ts, **more}


def export(
    folder: Path,
    days: Mapping[str, object],
    name: str = "export.zip",
    index: Mapping[str, object] | None = None,
    prefix: str = "",
) -> Path:
    """Write a zip file; a day may be raw bytes."""
    path = folder / name
    files = {"users.json": USERS, "channels.json": CHANNELS, **(index or {}), **days}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(prefix + member, data)
    return path


def head(path: Path) -> bytes:
    return b"" if path.is_dir() else path.read_bytes()[:65536]


def pull(path: Path, cursor: str = "") -> list[Item]:
    recognised = connector.recognise(str(path), head(path))
    assert recognised is not None
    settings = {"source": recognised.source, "network": recognised.network}
    return list(connector.pull(Context(path=str(path), cursor=cursor, settings=settings)))


def entries(path: Path, cursor: str = "") -> list[Entry]:
    return [item for item in pull(path, cursor) if isinstance(item, Entry)]


def test_a_message_becomes_an_entry_with_its_author_and_their_address(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0.25, "Hi <@U2>, see &lt;this&gt;")]})
    (entry,) = entries(path)
    ts = f"{NOON}.250000"
    ada = Address("handle", "U1", "slack:T1")
    assert entry.external_id == f"C1:{ts}"
    assert entry.at == NOON * 1000 + 250
    assert (entry.kind, entry.channel, entry.direction) == ("message", "chat", "")
    assert entry.parties == (
        Party("author", ada, "Ada Quill", (Address("email", "ada@acme.example"),)),
        Party("mentioned", Address("handle", "U2", "slack:T1"), "Bo Reed"),
    )
    assert entry.text == "Hi @Bo Reed, see <this>"
    assert entry.subject == "#help"
    assert entry.thread == f"slack:T1:C1:{ts}"


def test_the_source_is_the_workspace(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0)]})
    recognised = connector.recognise(str(path), head(path))
    assert recognised is not None
    assert (recognised.source, recognised.network) == ("slack:T1", "slack:T1")
    assert not recognised.needs_zone


def test_an_unpacked_export_and_one_inside_a_folder_read_the_same(tmp_path: Path) -> None:
    days = {"help/2026-03-02.json": [said(0), said(1)], "general/2026-03-02.json": [said(2)]}
    plain = export(tmp_path, days)
    inside = export(tmp_path, days, "inside.zip", prefix="Acme export/")
    with zipfile.ZipFile(plain) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert len(entries(plain)) == 3
    assert entries(plain) == entries(inside) == entries(tmp_path / "unpacked")


def test_a_thread_is_one_conversation_across_days(tmp_path: Path) -> None:
    root = said(0, "root")
    root["thread_ts"] = root["ts"]
    reply = said(90_000, "reply", "U2", thread_ts=root["ts"])
    path = export(tmp_path, {"help/2026-03-02.json": [root], "help/2026-03-03.json": [reply]})
    first, second = entries(path)
    assert first.thread == second.thread == f"slack:T1:C1:{root['ts']}"
    assert second.in_reply_to == (first.message_id,)


def test_messages_outside_threads_are_cut_where_the_channel_falls_silent(tmp_path: Path) -> None:
    hour = 3600
    day = [said(0), said(3 * hour), said(6 * hour), said(10 * hour + 1), said(11 * hour)]
    threads = [e.thread for e in entries(export(tmp_path, {"help/2026-03-02.json": day}))]
    assert threads[0] == threads[1] == threads[2]
    assert threads[3] == threads[4] != threads[0]


def test_conversations_keep_their_names_in_an_export_that_begins_later(tmp_path: Path) -> None:
    days = {
        "help/2026-03-02.json": [said(0), said(60), said(46_000)],
        "help/2026-03-03.json": [said(47_000), said(47_100)],
    }
    long = export(tmp_path, days)
    short = export(tmp_path, {k: v for k, v in days.items() if "03-03" in k}, "short.zip")
    names = {e.external_id: e.thread for e in entries(long)}
    assert {e.external_id: e.thread for e in entries(short)}.items() <= names.items()


def test_joining_is_an_event_and_starts_no_conversation(tmp_path: Path) -> None:
    joined = said(10, "<@U2> has joined the channel", "U2", subtype="channel_join")
    path = export(tmp_path, {"help/2026-03-02.json": [said(0), joined, said(20)]})
    first, event, last = entries(path)
    assert event.kind == "event"
    assert event.thread == "slack:T1:C1"
    assert first.thread == last.thread


@pytest.mark.parametrize(
    ("message", "handle", "name"),
    [
        (
            {"subtype": "bot_message", "bot_id": "B7", "username": "Deploys", "user": None},
            "B7",
            "Deploys",
        ),
        ({"user": "U4"}, "U4", "robo"),
        ({"user": "U1", "bot_id": "B8", "bot_profile": {"id": "B8", "name": "App"}}, "U1", None),
    ],
)
def test_programs_are_marked(
    tmp_path: Path, message: dict[str, Any], handle: str, name: str | None
) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0) | message]})
    (entry,) = entries(path)
    author = entry.parties[0]
    assert (author.address.value, author.bot, entry.automatic) == (handle, True, "bot")
    assert name is None or author.name == name


@pytest.mark.parametrize(
    ("message", "direction"),
    [
        ({"user": "U3"}, "inbound"),
        ({"user": "UX", "user_team": "T9", "user_profile": {"real_name": "Dee"}}, "inbound"),
        ({"user": "UX", "user_team": "T1"}, ""),
        ({"user": "UX"}, ""),
        ({"user": "U5"}, ""),
        ({"user": "U1"}, ""),
    ],
)
def test_only_people_of_another_company_are_surely_customers(
    tmp_path: Path, message: dict[str, Any], direction: str
) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0) | message]})
    (entry,) = entries(path)
    assert entry.direction == direction


def test_on_a_grid_another_team_may_be_ours(tmp_path: Path) -> None:
    message = said(0) | {"user": "UX", "user_team": "T2"}
    path = export(
        tmp_path, {"help/2026-03-02.json": [message]}, index={"org_users.json": [USERS[0]]}
    )
    assert entries(path)[0].direction == ""


def test_an_unknown_author_has_the_name_that_the_message_carries(tmp_path: Path) -> None:
    message = said(0) | {"user": "UX", "user_profile": {"real_name": "Dee Moss"}}
    (entry,) = entries(export(tmp_path, {"help/2026-03-02.json": [message]}))
    assert entry.parties[0].name == "Dee Moss"


def test_an_edit_is_another_content_and_a_new_name_of_someone_is_not(tmp_path: Path) -> None:
    before = export(tmp_path, {"help/2026-03-02.json": [said(0, "Hi <@U2>")]}, "a.zip")
    edited = said(0, "Hello <@U2>", edited={"user": "U1", "ts": "1"})
    after = export(tmp_path, {"help/2026-03-02.json": [edited]}, "b.zip")
    renamed = [dict(user, real_name="Someone Else") for user in USERS]
    later = export(
        tmp_path,
        {"help/2026-03-02.json": [said(0, "Hi <@U2>")]},
        "c.zip",
        index={"users.json": renamed},
    )
    old, new, same = entries(before)[0], entries(after)[0], entries(later)[0]
    assert old.external_id == new.external_id == same.external_id
    assert old.content_key != new.content_key
    assert old.content_key == same.content_key
    assert old.text != same.text


def test_files_are_names_and_addresses_without_tokens(tmp_path: Path) -> None:
    files = [
        {
            "id": "F1",
            "name": "a.png",
            "mimetype": "image/png",
            "size": 12,
            "permalink": "https://s.example/F1",
        },
        {"id": "F2", "name": "b.pdf", "url_private": "https://s.example/F2?t=xoxe-secret"},
    ]
    (entry,) = entries(export(tmp_path, {"help/2026-03-02.json": [said(0, files=files)]}))
    first, second = entry.attachments
    assert (first.name, first.media_type, first.size, first.url) == (
        "a.png",
        "image/png",
        12,
        "https://s.example/F1",
    )
    assert second.url == "https://s.example/F2"


def test_a_broadcast_reply_that_stands_twice_is_read_once(tmp_path: Path) -> None:
    twice = said(5, "both", subtype="thread_broadcast", thread_ts=f"{NOON}.000000")
    path = export(tmp_path, {"help/2026-03-02.json": [said(0), twice, twice]})
    assert len(entries(path)) == 2


def test_boxes_and_blocks_say_what_the_text_does_not(tmp_path: Path) -> None:
    box = said(
        0,
        "",
        attachments=[{"title": "Ticket 7", "title_link": "https://t.example/7", "text": "open"}],
    )
    block = said(
        1, "", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "from a block"}}]
    )
    first, second = entries(export(tmp_path, {"help/2026-03-02.json": [box, block]}))
    assert first.text == "Ticket 7 <https://t.example/7>\nopen"
    assert second.text == "from a block"


def test_direct_messages_and_private_groups_have_their_channels(tmp_path: Path) -> None:
    index = {
        "dms.json": [{"id": "D9", "members": ["U1", "U2"]}],
        "mpims.json": [{"id": "G9", "name": "mpdm-ada--bo-1"}],
        "groups.json": [{"id": "G8", "name": "secret"}],
    }
    days = {f"{folder}/2026-03-02.json": [said(0)] for folder in ("D9", "mpdm-ada--bo-1", "secret")}
    got = {
        e.external_id.split(":")[0]: e.subject for e in entries(export(tmp_path, days, index=index))
    }
    assert got == {"D9": "Direct message", "G9": "#mpdm-ada--bo-1", "G8": "#secret"}


def test_reading_goes_on_after_the_last_day_that_was_read(tmp_path: Path) -> None:
    days = {f"help/2026-03-0{n}.json": [said(n * 86_400)] for n in range(1, 5)}
    path = export(tmp_path, days)
    items = pull(path)
    cursors = [item.cursor for item in items if isinstance(item, State)]
    assert len(entries(path, cursors[1])) == 2
    assert entries(path, cursors[-1]) == []
    other = export(tmp_path, {**days, "help/2026-03-05.json": [said(500_000)]}, "other.zip")
    assert len(entries(other, cursors[-1])) == 5


# What a damaged or hostile archive does.


def test_a_truncated_zip_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(n) for n in range(50)]})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadFile, match="not a whole zip file"):
        connector.recognise(str(path), head(path))


def test_a_bad_checksum_is_found_before_anything_is_imported(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        {"help/2026-03-02.json": [said(0)], "help/2026-03-03.json": [said(n) for n in range(99)]},
    )
    with zipfile.ZipFile(path) as archive:
        broken = archive.getinfo("help/2026-03-03.json")
    data = bytearray(path.read_bytes())
    data[broken.header_offset + 30 + len(broken.filename) + broken.compress_size // 2] ^= 0xFF
    path.write_bytes(data)
    recognised = connector.recognise(str(path), head(path))
    assert recognised is not None

    class Sink:
        written: list[Batch] = []  # noqa: RUF012

        def cursor(self) -> str:
            return ""

        def write(self, batch: Batch) -> Outcome:
            self.written.append(batch)
            return Outcome()

    with pytest.raises(BadFile, match=r"2026-03-03\.json cannot be unpacked"):
        run(recognised, Context(path=str(path)), Sink())
    assert Sink.written == []


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FREE_BYTES", 1 << 20)
    path = export(tmp_path, {"help/2026-03-02.json": b"[" + b" " * 5_000_000 + b"]"})
    with pytest.raises(BadFile, match="would unpack to"):
        connector.recognise(str(path), head(path))


def test_a_zip_with_more_members_than_any_export_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 100)
    path = export(tmp_path, {f"help/{n}.txt": b"" for n in range(200)})
    with pytest.raises(BadFile, match="202 members"):
        connector.recognise(str(path), head(path))


def test_members_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0)], "help/2026-03-03.json": [said(1)]})
    data = bytearray(path.read_bytes())
    entry_at = data.rfind(b"PK\x01\x02")
    with zipfile.ZipFile(path) as archive:
        other = archive.getinfo("help/2026-03-02.json").header_offset
    struct.pack_into("<I", data, entry_at + 42, other)
    path.write_bytes(data)
    with pytest.raises(BadFile, match="lie over each other"):
        connector.recognise(str(path), head(path))


def test_a_zip_with_a_password_is_refused_in_words(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0)]})
    data = bytearray(path.read_bytes())
    entry_at = data.rfind(b"PK\x01\x02")
    data[entry_at + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(BadFile, match="password"):
        connector.recognise(str(path), head(path))


def test_names_that_lead_elsewhere_are_labels_and_links_are_left_out(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0)]})
    with zipfile.ZipFile(path, "a") as archive:
        for name in (
            "../../evil/2026-03-02.json",
            "/abs/2026-03-02.json",
            "C:\\x\\2026-03-02.json",
        ):
            archive.writestr(name, json.dumps([said(1)]))
        link = zipfile.ZipInfo("help/2026-03-09.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    before = sorted(tmp_path.rglob("*"))
    items = pull(path)
    assert not [item for item in items if isinstance(item, Quarantined)]
    assert {e.external_id.split(":")[0] for e in items if isinstance(e, Entry)} <= {
        "C1",
        "..",
        "",
        "abs",
    }
    assert sorted(tmp_path.rglob("*")) == before


def test_a_broken_index_says_so_and_nothing_is_imported(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(0)]}, index={"users.json": b"{{{"})
    with pytest.raises(BadFile, match=r"users\.json cannot be read"):
        connector.recognise(str(path), head(path))


@pytest.mark.parametrize(
    "day", [b"not json", b"{}", b"[" * 100_000, b'[{"ts": 1', b"", b"\xff\xfe\x00"]
)
def test_a_broken_day_is_set_aside_and_the_next_is_read(tmp_path: Path, day: bytes) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": day, "help/2026-03-03.json": [said(1)]})
    items = pull(path)
    (aside,) = [item for item in items if isinstance(item, Quarantined)]
    assert aside.where == "help/2026-03-02.json"
    assert aside.raw == day
    assert len([item for item in items if isinstance(item, Entry)]) == 1


GOOD = json.dumps(said(7)).encode()


@pytest.mark.parametrize(
    "record",
    [
        b"null",
        b"[]",
        b"{}",
        b'{"ts": "never"}',
        b'{"ts": 5}',
        b'{"ts": "99999999999999999999.1"}',
        b'{"ts": "1.0", "text": {"a": 1}}',
        b'{"ts": "1.0", "files": "x"}',
        b'{"ts": "1.0", "files": [{"size": 1e999}]}',
    ],
)
def test_a_broken_message_is_set_aside_and_its_neighbours_are_read(
    tmp_path: Path, record: bytes
) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": b"[" + record + b"," + GOOD + b"]"})
    items = pull(path)
    (aside,) = [item for item in items if isinstance(item, Quarantined)]
    assert "message 1" in aside.where
    assert aside.reason.endswith(".")
    assert [e.text for e in items if isinstance(e, Entry)] == ["hello"]


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (b"\xef\xbb\xbf[" + GOOD + b"]", "hello"),
        (b'[{"ts": "1.0", "text": "a\\ud800b"}]', "a?b"),
        (b'[{"ts": "1.0", "text": "a\xffb"}]', "a\ufffdb"),
        (b'[{"ts": "1.0", "text": "first", "text": "last"}]', "last"),
        (b'[{"ts": "1.0", "text": "x", "n": ' + b"9" * 4000 + b"}]", "x"),
        (b'[{"ts": "1.0", "text": "x", "n": NaN}]', "x"),
    ],
)
def test_json_that_is_slightly_wrong_is_mended(tmp_path: Path, day: bytes, text: str) -> None:
    (entry,) = entries(export(tmp_path, {"help/2026-03-02.json": day}))
    assert entry.text == text
    entry.text.encode()


# Text.

NAMES = {"U1": "Ada Quill"}


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("<@U1> and <@U7|dee>", "@Ada Quill and @dee"),
        ("<@U8>", "@U8"),
        ("<#C1|help> <#C2>", "#help #C2"),
        ("<!here> <!subteam^S1|@team> <!channel>", "@here @team @channel"),
        ("<https://a.example/?a=1&amp;b=2>", "https://a.example/?a=1&b=2"),
        ("<https://evil.example|bank.example>", "bank.example <https://evil.example>"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("5 < 6", "5 < 6"),
        ("<!date^1^{date}|Monday>", "Monday"),
        ("", ""),
    ],
)
def test_mrkdwn_becomes_plain_text(source: str, plain: str) -> None:
    assert to_plain(source, NAMES, {}).text == plain


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@given(st.text())
def test_what_a_person_typed_is_what_is_read(text: str) -> None:
    assert to_plain(escaped(text), {}, {}).text == text.replace("\r\n", "\n")


@given(st.lists(st.sampled_from(["<", ">", "@U1", "|", "&", "!", "#", "x", "\n", "mailto:"])))
def test_no_text_breaks_the_reader(parts: list[str]) -> None:
    plain = to_plain("".join(parts), NAMES, {})
    assert len(plain.mentioned) == len(set(plain.mentioned))


def test_a_megabyte_of_brackets_is_read_at_once() -> None:
    assert len(to_plain("<" * 1_000_000, {}, {}).text) == 1_000_000


def test_reading_twice_gives_the_same_entries(tmp_path: Path) -> None:
    path = export(tmp_path, {"help/2026-03-02.json": [said(n) for n in range(5)]})
    copy = tmp_path / "again.zip"
    copy.write_bytes(path.read_bytes())
    assert entries(path) == entries(copy)
    assert replace(entries(path)[0], text="") != entries(path)[0]
