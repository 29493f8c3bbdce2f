"""WhatsApp chats of many phones: who said what, when, and the same again from the next export."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.chat import whatsapp_file
from connectors.chat.whatsapp import connector
from connectors.contract import (
    Address,
    BadFile,
    ConnectorError,
    Context,
    Entry,
    Item,
    Party,
    Quarantined,
    State,
)

SAMPLES = Path(__file__).parent / "data" / "chat" / "whatsapp"
BERLIN = "Europe/Berlin"


def pull(path: Path, zone: str = "", order: str = "", cursor: str = "") -> list[Item]:
    head = b"" if path.is_dir() else path.read_bytes()[:65536]
    recognised = connector.recognise(str(path), head)
    assert recognised is not None
    context = Context(
        path=str(path),
        settings={"source": recognised.source},
        time_zone=zone,
        date_order=order,
        cursor=cursor,
    )
    return list(connector.pull(context))


def entries(path: Path, zone: str = "", order: str = "", cursor: str = "") -> list[Entry]:
    return [item for item in pull(path, zone, order, cursor) if isinstance(item, Entry)]


def chat(folder: Path, text: str, name: str = "WhatsApp Chat with Harbor.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def clock(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def told(entry: Entry) -> tuple[str, str, str]:
    author = entry.parties[0].address.value if entry.parties else ""
    return clock(entry), author, entry.text


TOLD = {
    "ios_en_us.txt": [
        (
            "2026-03-07 21:22:39",
            "",
            "Messages and calls are end-to-end encrypted.",
        ),
        ("2026-03-07 21:22:40", "Ines", "Hi\nsecond line"),
        ("2026-03-08 09:23:00", "Ines", ""),
        ("2026-03-13 10:00:00", "Odo", "ok"),
        ("2026-03-13 10:01:00", "Odo", "image omitted"),
    ],
    "ios_de.txt": [
        ("2026-03-07 21:22:39", "", "Nachrichten sind Ende-zu-Ende-verschlüsselt."),
        ("2026-03-07 21:22:40", "Ines", "Hallo"),
        ("2026-03-28 10:00:00", "Odo", "ok"),
    ],
    "android_en_gb.txt": [
        ("2026-03-07 21:22:00", "", "Messages and calls are end-to-end encrypted."),
        ("2026-03-07 21:22:00", "Ines", "Hi"),
        ("2026-03-28 09:23:00", "Odo", "ok"),
        ("2026-03-28 09:24:00", "", "Odo added +44 7700 900123"),
        ("2026-03-28 09:25:00", "+44 7700 900123", "12:30 - lunch"),
        ("2026-03-28 09:26:00", "Ines", "<Media omitted>"),
    ],
    "android_en_us.txt": [
        ("2026-03-07 21:22:00", "Ines", "Hi\nsecond line"),
        ("2026-03-13 09:23:00", "Odo", "the caption"),
        ("2026-03-14 00:05:00", "Ines", "night"),
        ("2026-03-14 12:05:00", "Ines", "noon"),
    ],
    "android_es.txt": [
        ("2025-03-28 21:29:00", "Ines", "hola"),
        ("2025-03-29 01:23:00", "Odo", ""),
    ],
    "android_en_ca.txt": [
        ("2023-12-20 17:46:00", "Ines", "hi"),
        ("2023-12-21 05:47:00", "Odo", "yo"),
    ],
    "android_ar.txt": [
        ("2026-03-20 21:22:00", "Ines", "hi"),
        ("2026-03-21 09:22:00", "Odo", "yo"),
    ],
    "android_ko.txt": [
        ("2026-03-07 21:22:00", "Ines", "hi"),
        ("2026-03-08 00:01:00", "Odo", "yo"),
    ],
    "android_de.txt": [
        ("2026-03-07 21:22:00", "Ines", "Hallo"),
        ("2026-03-08 09:23:00", "Odo", "<Medien ausgeschlossen>"),
    ],
}


@pytest.mark.parametrize("name", TOLD)
def test_exports_of_many_phones_are_read(name: str) -> None:
    got = entries(SAMPLES / name)
    assert [told(entry) for entry in got] == TOLD[name]
    assert all(not entry.defects for entry in got)
    precision = "s" if name.startswith("ios") else "min"
    assert {entry.precision for entry in got} == {precision}


def test_notes_by_whatsapp_are_events_without_an_author() -> None:
    kinds = [(e.kind, bool(e.parties)) for e in entries(SAMPLES / "android_en_gb.txt")]
    assert kinds == [
        ("event", False),
        ("message", True),
        ("message", True),
        ("event", False),
        ("message", True),
        ("message", True),
    ]
    assert entries(SAMPLES / "ios_en_us.txt")[0].kind == "event"


def test_names_belong_to_the_chat_and_numbers_to_the_world(tmp_path: Path) -> None:
    text = "07/03/2026, 21:22 - Ines: Hi\n28/03/2026, 09:25 - +44 7700 900123: Hello\n"
    first, second = entries(chat(tmp_path, text))
    ines = Address("handle", "Ines", "whatsapp:Harbor")
    number = Address("phone", "+44 7700 900123")
    assert first.parties == (Party("author", ines, "Ines"), Party("to", number))
    assert second.parties == (Party("author", number), Party("to", ines, "Ines"))
    assert (first.channel, first.direction, first.subject) == ("chat", "", "Harbor")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("WhatsApp Chat with Harbor.txt", "whatsapp:Harbor"),
        ("WhatsApp Chat with Harbor (2).txt", "whatsapp:Harbor"),
        ("WhatsApp Chat - Harbor.txt", "whatsapp:Harbor"),
        ("WhatsApp-Chat mit Hafen Süd.txt", "whatsapp:Hafen Süd"),
        ("Chat de WhatsApp con Puerto.txt", "whatsapp:Puerto"),
        ("_chat.txt", "whatsapp:Ines, Odo"),
        ("whatever.txt", "whatsapp:Ines, Odo"),
    ],
)
def test_the_source_is_the_chat(tmp_path: Path, name: str, source: str) -> None:
    path = chat(tmp_path, "07/03/2026, 21:22 - Ines: Hi\n28/03/2026, 09:23 - Odo: ok\n", name)
    recognised = connector.recognise(str(path), path.read_bytes())
    assert recognised is not None
    assert recognised.source == source
    assert recognised.needs_zone


def test_a_zip_brings_its_media(tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat - Harbor.zip"
    text = (
        "[07.03.26, 21:22:39] Ines: \u200e<attached: 01-PHOTO.jpg>\n"
        "[28.03.26, 10:00:00] Odo: \u200e<attached: gone.pdf>\n"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_chat.txt", text)
        archive.writestr("01-PHOTO.jpg", b"\xff\xd8picture")
    first, second = (entry.attachments[0] for entry in entries(path))
    assert (first.name, first.media_type, first.data, first.size) == (
        "01-PHOTO.jpg",
        "image/jpeg",
        b"\xff\xd8picture",
        9,
    )
    assert len(first.sha256) == 64
    assert (second.name, second.media_type, second.data) == ("gone.pdf", "application/pdf", b"")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "WhatsApp Chat - Harbor")
    assert entries(tmp_path / "WhatsApp Chat - Harbor") == entries(path)


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chat.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_chat.txt", "[07.03.26, 21:22:39] Ines: hi\n")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(BadFile, match="not a whole zip"):
        connector.recognise(str(path), path.read_bytes())


# Dates.


@pytest.mark.parametrize(
    ("lines", "order", "first"),
    [
        (["1/2/26", "13/2/26"], "mdy", "2026-02-01"),  # a day above 12 decides
        (["1/2/26", "1/13/26"], "dmy", "2026-01-02"),
        (["1/2/26", "2/1/26"], "dmy", "2026-01-02"),  # or the order that runs forward
        (["2/1/26", "1/2/26"], "mdy", "2026-01-02"),
        (["1/2/26", "2/2/26"], "mdy", "2026-01-02"),  # or what was asked for
        (["1/2/26", "2/2/26"], "dmy", "2026-02-01"),
        (["1.2.26", "2.2.26"], "", "2026-02-01"),  # or the look
        (["26/3/31", "26/4/1"], "", "2026-03-31"),
    ],
)
def test_the_order_of_day_and_month_is_found(
    tmp_path: Path, lines: list[str], order: str, first: str
) -> None:
    text = "".join(f"{line}, 21:22 - Ines: hi\n" for line in lines)
    got = entries(chat(tmp_path, text), order=order)
    assert clock(got[0])[:10] == first
    assert all(not entry.defects for entry in got)


@pytest.mark.parametrize(
    ("text", "first", "words"),
    [
        ("1/2/26, 21:22 - Ines: a\n2/2/26, 21:22 - Odo: b\n", "2026-02-01", "day before month"),
        ("1/2/26, 9:22 PM - Ines: a\n2/2/26, 9:22 PM - Odo: b\n", "2026-01-02", "month before day"),
    ],
)
def test_an_order_that_stays_open_is_marked(
    tmp_path: Path, text: str, first: str, words: str
) -> None:
    got = entries(chat(tmp_path, text))
    assert clock(got[0])[:10] == first
    assert all(words in entry.defects[0] for entry in got)


def test_a_date_that_does_not_exist_is_set_aside(tmp_path: Path) -> None:
    text = "".join(
        f"{day}, 21:22 - Ines: {day}\n" for day in ("30/01/2026", "30/02/2026", "1/3/2026")
    )
    items = pull(chat(tmp_path, text))
    (aside,) = [item for item in items if isinstance(item, Quarantined)]
    assert b"30/02/2026" in aside.raw
    assert len([item for item in items if isinstance(item, Entry)]) == 2


def test_an_unknown_word_beside_the_time_is_marked(tmp_path: Path) -> None:
    (entry,) = entries(chat(tmp_path, "28/3/2026, 9:29 zz - Ines: hi\n"))
    assert "zz" in entry.defects[0]


# Zones.


def test_the_zone_is_assumed_or_unknown(tmp_path: Path) -> None:
    path = chat(tmp_path, "28/07/2026, 12:00 - Ines: hi\n")
    (told_zone,), (no_zone,) = entries(path, BERLIN), entries(path)
    assert (clock(told_zone)[11:16], told_zone.zone_source) == ("10:00", "assumed")
    assert (clock(no_zone)[11:16], no_zone.zone_source) == ("12:00", "none")
    assert told_zone.external_id == no_zone.external_id
    with pytest.raises(ConnectorError, match="no time zone called Mars"):
        entries(path, "Mars")


def test_the_hour_that_autumn_repeats_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    times = ["01:50", "02:10", "02:50", "02:05", "02:55", "03:10"]
    text = "".join(f"25/10/2026, {time} - Ines: {n}\n" for n, time in enumerate(times))
    got = [clock(entry)[11:16] for entry in entries(chat(tmp_path, text), BERLIN)]
    assert got == ["23:50", "00:10", "00:50", "01:05", "01:55", "02:10"]


def test_the_hour_that_spring_skips_does_not_turn_the_file_around(tmp_path: Path) -> None:
    times = ["01:59", "02:30", "03:10", "03:40"]
    text = "".join(f"29/03/2026, {time} - Ines: {n}\n" for n, time in enumerate(times))
    got = [clock(entry)[11:16] for entry in entries(chat(tmp_path, text), BERLIN)]
    assert got == ["00:59", "01:30", "01:30", "01:40"]


# Ids, conversations, and reading again.


def test_the_same_words_in_the_same_minute_are_different_messages(tmp_path: Path) -> None:
    got = entries(chat(tmp_path, "28/03/2026, 09:23 - Odo: ok\n" * 3))
    assert len({entry.external_id for entry in got}) == 3


def test_an_export_that_begins_later_has_the_same_ids_and_conversations(tmp_path: Path) -> None:
    lines = [
        f"{day:02}/03/2026, {hour:02}:15 - {name}: {day} {hour}\n"
        for day in range(1, 20)
        for hour, name in ((9, "Ines"), (10, "Odo"), (21, "Ines"))
    ]
    whole = entries(chat(tmp_path, "".join(lines)))
    (tmp_path / "later").mkdir()
    later = entries(chat(tmp_path / "later", "".join(lines[30:])))
    known = {entry.external_id: entry for entry in whole}
    assert all(known[entry.external_id] == entry for entry in later)
    assert len({entry.thread for entry in whole}) == 38


def test_the_same_chat_from_either_kind_of_phone_has_the_same_ids(tmp_path: Path) -> None:
    android = chat(tmp_path, "28/03/2026, 09:23 - Odo: ok\n29/03/2026, 09:24 - Ines: hm\n")
    (tmp_path / "ios").mkdir()
    text = "[28.03.26, 09:23:41] Odo: ok\n[29.03.26, 09:24:10] Ines: hm\n"
    ios = chat(tmp_path / "ios", text, "WhatsApp Chat - Harbor.txt")
    assert [e.external_id for e in entries(android)] == [e.external_id for e in entries(ios)]


def test_reading_goes_on_after_a_checkpoint_unless_the_file_is_another(tmp_path: Path) -> None:
    lines = [f"{1 + n % 28:02}/03/2026, 09:15 - Ines: {n}\n" for n in range(450)]
    path = chat(tmp_path, "".join(lines))
    whole = entries(path)
    cursors = [item.cursor for item in pull(path) if isinstance(item, State)]
    assert len(cursors) == 3
    assert entries(path, cursor=cursors[0]) == whole[200:]
    assert entries(path, cursor=cursors[-1]) == []
    chat(tmp_path, "".join(["27/03/2026, 09:15 - Odo: new\n", *lines]))
    assert len(entries(path, cursor=cursors[0])) == 451


def test_a_pasted_chat_stays_inside_the_message(tmp_path: Path) -> None:
    text = (
        "28/03/2026, 09:23 - Odo: look:\n[28.03.26, 09:00:00] Ines: hi\n3/7/26, 9:22 PM - Ines: x\n"
        "28/03/2026, 09:24 - Ines: right\n"
    )
    first, second = entries(chat(tmp_path, text))
    assert first.text.count("\n") == 2
    assert second.text == "right"


def test_a_name_with_a_colon_is_known_from_the_chat(tmp_path: Path) -> None:
    path = chat(
        tmp_path,
        "28/03/2026, 09:23 - Acme: Support: Hi: there\n28/03/2026, 09:24 - Ines: ok\n",
        "WhatsApp Chat with Acme: Support.txt",
    )
    assert [e.parties[0].address.value for e in entries(path)] == ["Acme: Support", "Ines"]


@pytest.mark.parametrize(
    "payload",
    [
        "\ufeff28/03/2026, 09:23 - Odo: ok é\n".encode(),
        "28/03/2026, 09:23 - Odo: ok é\n".encode("utf-16"),
        "28/03/2026, 09:23 - Odo: ok é\r\n".encode(),
    ],
)
def test_encodings_of_the_export_do_not_matter(tmp_path: Path, payload: bytes) -> None:
    path = tmp_path / "WhatsApp Chat with Odo.txt"
    path.write_bytes(payload)
    (entry,) = entries(path)
    assert (entry.text.strip("\r"), entry.defects) == ("ok é", ())


def test_bytes_that_are_no_text_are_replaced_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat with Odo.txt"
    path.write_bytes(b"28/03/2026, 09:23 - Odo: caf\xe9\n")
    (entry,) = entries(path)
    assert entry.text == "caf\ufffd"
    assert "UTF-8" in entry.defects[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello\n",
        "2026-01-01 10:00:00,123 - INFO - started\n",
        "[10:00] <nick> hello\n",
        "From a@b.example Mon Jan  1 00:00:00 2026\nSubject: x\n\nbody\n",
        "Subject: hi\n\n28/03/2026, 09:23 - Odo: ok\n",
        "28/03/2026, 09:23 - one line without a name\n",
    ],
)
def test_other_texts_are_not_taken_for_chats(tmp_path: Path, text: str) -> None:
    path = chat(tmp_path, text)
    assert connector.recognise(str(path), text.encode() or b"\n") is None


def test_a_chat_beyond_all_measure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatsapp_file, "MAX_CHAT_BYTES", 100)
    path = chat(tmp_path, "28/03/2026, 09:23 - Odo: ok\n" * 20)
    with pytest.raises(BadFile, match="not read"):
        connector.recognise(str(path), path.read_bytes())


# Round trip: what a phone would write is read back.

ORDERS = {
    "dmy": "{d:02}/{m:02}/{y}",
    "mdy": "{m}/{d}/{y2:02}",
    "ymd": "{y}-{m:02}-{d:02}",
    "dots": "{d:02}.{m:02}.{y2:02}",
}
CLOCKS = ["24", "{h} AM", "{h}\u202fam", "{h} a.\u00a0m.", "before 오"]
WORDS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"], exclude_characters="<>()[]\u00a0\u202f"
    ),
    min_size=1,
    max_size=30,
).map(str.strip)
TEXTS = (
    st.lists(WORDS, min_size=1, max_size=3)
    .map("\n".join)
    .filter(lambda text: bool(text.strip("\n")))
)
NAMES = st.sampled_from(["Ines", "Odo Brandt", "Zoë 🤓", "+44 7700 900123", "شركة"])


def written(moment: datetime, order: str, style: str, clock_style: str) -> str:
    day = ORDERS[order].format(d=moment.day, m=moment.month, y=moment.year, y2=moment.year % 100)
    seconds = f":{moment.second:02}" if style == "ios" else ""
    if clock_style == "24":
        time = f"{moment.hour:02}:{moment.minute:02}{seconds}"
    else:
        time = f"{(moment.hour % 12) or 12}:{moment.minute:02}{seconds}"
        half = "pm" if moment.hour >= 12 else "am"
        if clock_style.startswith("before"):
            time = f"{'오후' if half == 'pm' else '오전'} {time}"
        elif "a.\u00a0m." in clock_style:
            time = f"{time}\u202f{half[0]}.\u00a0m."
        elif "am" in clock_style:
            time = f"{time}\u202f{half}"
        else:
            time = f"{time} {half.upper()}"
    return f"[{day}, {time}] " if style == "ios" else f"{day}, {time} - "


@settings(max_examples=80, deadline=None)
@given(
    messages=st.lists(st.tuples(st.integers(0, 200_000), NAMES, TEXTS), min_size=1, max_size=8),
    order=st.sampled_from(sorted(ORDERS)),
    style=st.sampled_from(["ios", "android"]),
    clock_style=st.sampled_from(CLOCKS),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_phone_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    messages: list[tuple[int, str, str]],
    order: str,
    style: str,
    clock_style: str,
    line_end: str,
) -> None:
    moment = datetime(2026, 1, 14, 8, 30, tzinfo=UTC)
    lines, expected = [], []
    for step, name, text in messages:
        moment += timedelta(seconds=step)
        lines.append(f"{written(moment, order, style, clock_style)}{name}: {text}")
        shown = moment if style == "ios" else moment.replace(second=0)
        expected.append((shown.strftime("%Y-%m-%d %H:%M:%S"), name, text))
    folder = tmp_path_factory.mktemp("chat")
    path = chat(folder, "\n".join(lines).replace("\n", line_end) + line_end)
    wanted = "" if order == "dots" else order
    assert [told(entry) for entry in entries(path, order=wanted)] == expected


@settings(max_examples=60, deadline=None)
@given(st.text("[]/.,:- 0123456789apmIO\n\u200e\u202f<>()", max_size=400))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, noise: str) -> None:
    text = f"28/03/2026, 09:23 - Odo: {noise}\n28/03/2026, 09:24 - Ines: end\n"
    path = chat(tmp_path_factory.mktemp("chat"), text)
    items = [item for item in pull(path) if isinstance(item, Entry | Quarantined)]
    assert len({item.external_id for item in items}) == len(items)
