"""A file is known by its content; what is not supported is named, with what to do about it."""

from __future__ import annotations

import json
import mailbox
import os
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from connectors import archive, registry
from connectors.contract import BadFile

PLUGINS = Path(__file__).parent / "data" / "plugins"


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@b.example", "c@d.example", "Hello"
    mail["Date"], mail["Message-ID"] = "Mon, 02 Mar 2026 11:00:00 +0000", "<1@b.example>"
    mail.set_content("Hello there.\n")
    return mail


def an_mbox(folder: Path) -> Path:
    path = folder / "inbox"
    box = mailbox.mbox(path)
    box.add(a_mail())
    box.close()
    return path


def a_maildir(folder: Path) -> Path:
    path = folder / "Maildir"
    mailbox.Maildir(path).add(a_mail())
    return path


def an_eml(folder: Path) -> Path:
    path = folder / "one.eml"
    path.write_bytes(a_mail().as_bytes())
    return path


def a_slack_export(folder: Path) -> Path:
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("users.json", json.dumps([{"id": "U1", "team_id": "T1"}]))
        zipped.writestr("channels.json", json.dumps([{"id": "C1", "name": "help"}]))
        zipped.writestr("help/2026-03-02.json", json.dumps([{"ts": "1.0", "text": "x"}]))
    return path


def a_whatsapp_chat(folder: Path) -> Path:
    path = folder / "WhatsApp Chat with Ines.txt"
    path.write_text("28/03/2026, 09:23 - Ines: ok\n28/03/2026, 09:24 - Odo: ok\n")
    return path


@pytest.mark.parametrize(
    ("make", "connector", "source", "needs_zone"),
    [
        (an_mbox, "mbox", "mail", False),
        (a_maildir, "maildir", "mail", False),
        (an_eml, "eml", "mail", False),
        (a_slack_export, "slack", "slack:T1", False),
        (a_whatsapp_chat, "whatsapp", "whatsapp:Ines", True),
    ],
)
def test_each_format_is_known_by_its_content(
    tmp_path: Path, make: object, connector: str, source: str, needs_zone: bool
) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    found = registry.recognise(str(path))
    assert (found.connector, found.source, found.needs_zone) == (connector, source, needs_zone)
    assert registry.connector(found.connector).name == connector


def zipped(folder: Path, *names: str) -> Path:
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w") as archive_:
        for name in names:
            archive_.writestr(name, "x")
    return path


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["messages/index.json", "account/user.json"], "a Discord data package"),
        (["result.json", "photos/1.jpg"], "a Telegram export"),
        (["Takeout/Mail/All mail.mbox"], "Google Takeout"),
        (["conversations.json"], "an Intercom or help-desk export"),
        (["your_instagram_activity/messages/inbox/a/message_1.json"], "Messenger or Instagram"),
        (["a.eml", "b.eml"], "an archive of mails; unpack it"),
        (["photo.jpg"], "neither a Slack export nor a WhatsApp chat"),
        ([], "neither a Slack export nor a WhatsApp chat"),
    ],
)
def test_a_zip_of_another_kind_is_named(tmp_path: Path, names: list[str], words: str) -> None:
    with pytest.raises(BadFile, match=words) as caught:
        registry.recognise(str(zipped(tmp_path, *names)))
    assert "Slack exports and WhatsApp chats." in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"!BDN" + bytes(100), r"Outlook|\.pst"),
        (b"\x1f\x8b\x08" + bytes(100), "gzip|compressed|packed"),
        (b"%PDF-1.7\n" + bytes(100), "a PDF"),
        (b'{"name": "x", "type": "personal_chat", "messages": []}', "a Telegram export"),
        (b'{"guild": {}, "channel": {}, "messages": []}', "a Discord export"),
        (b'{"type": "conversation", "conversation_parts": {}}', "an Intercom export"),
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\nhi\n", "WebVTT"),
        (b"<?xml version='1.0'?><smses count='1'></smses>", "an SMS backup"),
        (b"name,mail\nA,a@b.example\n", "a table"),
        (b"\x00\x01\x02\x03" * 50, "a binary file"),
        (b'{"a": 1}', "JSON of an unknown kind"),
        (b"<html><body>hi</body></html>", "a web page"),
        (b"just some words\n", "text of an unknown kind"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "thing.dat"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=words) as caught:
        registry.recognise(str(path))
    assert str(caught.value).endswith(".")


def test_an_empty_file_and_an_empty_folder_say_so(tmp_path: Path) -> None:
    (tmp_path / "empty.mbox").touch()
    with pytest.raises(BadFile, match="is empty"):
        registry.recognise(str(tmp_path / "empty.mbox"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadFile, match="empty"):
        registry.recognise(str(tmp_path / "folder"))


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="There is no file or folder"):
        registry.recognise(str(tmp_path / "nothing"))


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadFile, match="neither a file nor a folder"):
        registry.recognise(str(tmp_path / "pipe"))


def test_a_broken_zip_is_called_broken(tmp_path: Path) -> None:
    path = zipped(tmp_path, "result.json")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BadFile, match="not a whole zip file"):
        registry.recognise(str(path))


@pytest.mark.parametrize(
    "noise", [b"PK", b"PK\x05\x06", b"PK\x05\x06" + bytes(18) + b"x", b"PK\x03\x04" + b"\xff" * 500]
)
def test_noise_that_begins_like_a_zip_is_refused_in_words(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "noise.zip"
    path.write_bytes(noise)
    with pytest.raises(BadFile):
        registry.recognise(str(path))


def test_a_connector_is_found_by_reference_and_an_unknown_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(PLUGINS))
    assert registry.connector("trouble:counting").name == "counting"
    with pytest.raises(registry.UnknownConnector, match="no connector called pigeon"):
        registry.connector("pigeon")
    with pytest.raises(registry.UnknownConnector, match="cannot be loaded"):
        registry.connector("trouble:nothing")


def test_a_folder_is_read_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "real.txt").write_text("y")
    (folder / "link.txt").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.txt")
    with archive.open_archive(str(folder)) as opened:
        assert [member.name for member in opened.members] == ["real.txt"]
        assert opened.read(opened.members[0], 10) == b"y"
        with pytest.raises(archive.DamagedMember, match="limit"):
            opened.read(opened.members[0], 0)


@pytest.mark.parametrize("name", ["slack", "whatsapp"])
def test_a_folder_of_another_kind_is_not_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "todo.txt").write_text("buy bread\n")
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(str(path)) or scandir(path))
    assert registry.connector(name).recognise(str(tmp_path), b"") is None
    assert set(listed) == {str(tmp_path)}


def test_a_member_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "lie.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("big.json", "0" * 1_000_000)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02") + 24
    data[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    with archive.open_archive(str(path)) as opened, pytest.raises(archive.DamagedMember):
        opened.read(opened.members[0], 10_000)


def test_members_of_one_name_are_two_members(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.txt", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("a.txt", "two")
    with archive.open_archive(str(path)) as opened:
        assert [opened.read(member, 10) for member in opened.members] == [b"one", b"two"]
