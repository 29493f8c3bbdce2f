from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mail import charsets
from connectors.mail.addresses import parse_addresses
from connectors.mail.words import decode_words, parameters


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k?=", "café"),
        ("a =?iso-8859-1?q?b=E9?= c", "a bé c"),
        ("=?utf-8?q?one?= =?utf-8?q?_two?=", "one two"),
        ("=?utf-8?B?w6?= =?utf-8?B?qQ==?=", "é"),
        ("=?utf-8?Q?Why=3F?=", "Why?"),
        ("=?utf-8?Q?How are you??=", "How are you?"),
        ("=?utf-8*en?Q?Hi?=", "Hi"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?ks_c_5601-1987?B?vsiz5w==?=", "안녕"),
        ("=?nonsense?q?caf=C3=A9?=", "café"),
        ("=?unicode_escape?q?=5Cx41?=", "\\x41"),
        ("caf\xc3\xa9", "café"),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
    ],
)
def test_encoded_words_are_read_however_broken(written, read):
    assert decode_words(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ann@x.example", [("", "ann@x.example")]),
        ("Ann <ann@x.example>", [("Ann", "ann@x.example")]),
        ('"Berg, Ann" <ann@x.example>', [("Berg, Ann", "ann@x.example")]),
        ("ann@x.example (Ann Berg)", [("Ann Berg", "ann@x.example")]),
        ("Ann (sales) <ann@x.example>", [("Ann", "ann@x.example")]),
        ("=?utf-8?Q?Berg=2C_Ann?= <ann@x.example>", [("Berg, Ann", "ann@x.example")]),
        ("=?utf-8?Q?Berg,_Ann?= <ann@x.example>", [("Berg, Ann", "ann@x.example")]),
        ("a@x.example, B <b@x.example>", [("", "a@x.example"), ("B", "b@x.example")]),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("<Undisclosed-Recipient:;@x.example>", []),
        ("<<ann@x.example>>", [("", "ann@x.example")]),
        ("Ann <mailto:ann@x.example>", [("Ann", "ann@x.example")]),
        ("Ann <ann@x.example", [("Ann", "ann@x.example")]),
        ("'Ann' <ann@x.example>", [("Ann", "ann@x.example")]),
        ('"Ann \\"A\\" Berg" <ann@x.example>', [('Ann "A" Berg', "ann@x.example")]),
        ("J\xc3\xbcrgen <j@x.example>", [("Jürgen", "j@x.example")]),
        ('"boss@corp.example" <x@evil.example>', [("boss@corp.example", "x@evil.example")]),
        ("root", [("", "root")]),
        ("Ann <ann@[192.0.2.1]>", [("Ann", "ann@[192.0.2.1]")]),
        ("[ann@x.example]", [("", "ann@x.example")]),
        ("", []),
        ("Ann <ann of the mill@x.example>", [("Ann", "ann of the mill@x.example")]),
        ("Ann <ann . berg @ x . example>", [("Ann", "ann.berg@x.example")]),
    ],
)
def test_addresses_are_read_as_people_write_them(written, read):
    assert parse_addresses(written) == read


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ('text/plain; charset="utf-8"', "charset", "utf-8"),
        ("text/plain; charset = utf-8 ; format=flowed", "format", "flowed"),
        ("text/plain charset=utf-8", "charset", "utf-8"),
        ('a/b; name="semi;colon.txt"', "name", "semi;colon.txt"),
        ('a/b; name="=?utf-8?q?caf=C3=A9=2Etxt?="', "name", "café.txt"),
        ("a/b; name*=iso-8859-1'de'Gr%FC%DFe.txt", "name", "Grüße.txt"),
        ('a/b; name*1="b.txt"; name*0="a"', "name", "ab.txt"),
        ("a/b; name*0*=utf-8''%C3; name*1*=%A9.txt", "name", "é.txt"),
        ("a/b; name*=broken%ZZ", "name", "broken%ZZ"),
        ('a/b; name="never closed', "name", "never closed"),
    ],
)
def test_parameters_are_read_by_rfc_2231_and_by_habit(written, name, value):
    kind, found = parameters(written)
    assert kind in ("text/plain", "a/b")
    assert found[name] == value


@pytest.mark.parametrize(
    "label",
    [
        *("idna", "undefined", "rot13", "rot_13", "zlib", "hex", "base64", "uu", "bz2"),
        *("unicode_escape", "raw_unicode_escape", "punycode", "mbcs", "nonsense", "x" * 10_000, ""),
    ],
)
def test_a_label_runs_no_codec_outside_the_list(label):
    assert charsets.codec_of(label) == ""
    assert charsets.decode("Grüße".encode(), label)[0] == "Grüße"


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("Grüße".encode(), "", "Grüße"),
        ("Grüße".encode("cp1252"), "", "Grüße"),
        ("Grüße".encode("cp1252"), "us-ascii", "Grüße"),
        ("Grüße €".encode(), "iso-8859-1", "Grüße €"),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”"),
        ("你好".encode("gb18030"), "gb2312", "你好"),
        (
            "Привет, как дела? Насос не работает".encode("koi8_r"),
            "koi8-r",
            "Привет, как дела? Насос не работает",
        ),
        ("日本語".encode("iso2022_jp"), "iso-2022-jp", "日本語"),
        ("日本語のメールです。".encode("cp932"), "Shift_JIS", "日本語のメールです。"),
        (b"nul\x00here", "", "nul\ufffdhere"),
        (b"+2AA-", "utf-7", "\ufffd"),
    ],
)
def test_bytes_become_text_by_what_they_are(data, label, text):
    assert charsets.decode(data, label)[0] == text


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["", "utf-8", "utf-7", "utf-16", "gbk", "hz", "x"]))
def test_whatever_is_decoded_can_be_stored(data, label):
    text, _ = charsets.decode(data, label)
    text.encode("utf-8")
    assert "\0" not in text


@settings(deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300))
def test_header_readers_never_raise(value):
    decode_words(value)
    parameters(value)
    for name, address in parse_addresses(value):
        assert len(name) <= 255
        assert len(address) <= 320


@settings(deadline=None)
@given(st.lists(st.sampled_from([*'"(),:;<>@\\ a', "=?", "?=", "utf-8?q?"]), max_size=60))
def test_address_reading_ends_on_any_mix_of_marks(pieces):
    parse_addresses("".join(pieces))
