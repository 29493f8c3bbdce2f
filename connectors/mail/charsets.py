"""Bytes to text: only codecs of an allow-list, the declared one first, then what the bytes say."""

from __future__ import annotations

# What a label in a mail may run. Python also has idna, unicode_escape, punycode, rot13, zlib and
# others under the same registry: a stranger must never choose those.
_CODECS: dict[str, str] = {
    "usascii": "ascii",
    "ascii": "ascii",
    "ansix341968": "ascii",
    "646": "ascii",
    "utf8": "utf-8",
    "unicode11utf8": "utf-8",
    "utf8mb4": "utf-8",
    "cp65001": "utf-8",
    "utf7": "utf-7",
    "unicode11utf7": "utf-7",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "utf32": "utf-32",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cnbig5": "big5hkscs",
    "xxbig5": "big5hkscs",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "hzgb2312": "hz",
    "euccn": "gb18030",
    "eucjp": "euc_jp",
    "xeucjp": "euc_jp",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "windows31j": "cp932",
    "cp932": "cp932",
    "mskanji": "cp932",
    "iso2022jp": "iso2022_jp_ext",
    "iso2022jp1": "iso2022_jp_ext",
    "iso2022jp2": "iso2022_jp_2",
    "iso2022jp3": "iso2022_jp_3",
    "iso2022jpms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "cp949": "cp949",
    "uhc": "cp949",
    "windows949": "cp949",
    "johab": "johab",
    "iso2022kr": "iso2022_kr",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "koi8ru": "koi8_u",
    "koi8t": "koi8_t",
    "tis620": "cp874",
    "windows874": "cp874",
    "cp874": "cp874",
    "macintosh": "mac_roman",
    "macroman": "mac_roman",
    "xmacroman": "mac_roman",
    "maccyrillic": "mac_cyrillic",
    "xmaccyrillic": "mac_cyrillic",
    "maccentraleurope": "mac_latin2",
    "ptcp154": "ptcp154",
    # Who writes "latin-1" means the Windows page, which adds curly quotes and the euro.
    "latin1": "cp1252",
    "iso88591": "cp1252",
    "l1": "cp1252",
    "ansi": "cp1252",
    "iso88599": "cp1254",
    "latin5": "cp1254",
    "latin9": "iso8859_15",
    "latin2": "iso8859_2",
    "iso885911": "cp874",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
}
for _page in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16):
    _CODECS[f"iso8859{_page}"] = f"iso8859_{_page}"
for _page in range(1250, 1259):
    for _prefix in ("windows", "cp", "win", "xcp"):
        _CODECS[f"{_prefix}{_page}"] = f"cp{_page}"
_DOS_PAGES = (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869)
for _page in _DOS_PAGES:
    for _prefix in ("cp", "ibm", "cspc", ""):
        _CODECS[f"{_prefix}{_page}"] = f"cp{_page}"

# Pure ASCII bytes mean something else in these.
_STATEFUL = frozenset(
    (
        *("utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "hz", "iso2022_kr"),
        *("iso2022_jp_ext", "iso2022_jp_2", "iso2022_jp_3"),
    )
)
# Chinese, Japanese and Korean pairs can pass for UTF-8 by accident; one-byte pages hardly ever.
_MULTIBYTE = frozenset(("big5hkscs", "gb18030", "euc_jp", "cp932", "cp949", "johab"))
_LOOK_BYTES = 64 * 1024
# chardet's answer was the same at 512, 1,024 and 4,096 bytes for 233 real texts.
_GUESS_BYTES = 1024
# With fewer bytes than this its confidence is under 0.1 and its answers are exotic.
_FEW = 6
_ASCII = bytes(range(128))
# Curly quotes, dashes, the euro, pound, copyright and degree signs, and the no-break space.
_PUNCTUATION = b"\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99\xa0\xa3\xa7\xa9\xab\xae\xb0\xb4\xb7\xbb"
_NEVER_GUESSED = frozenset(
    (
        *(
            "",
            "ascii",
            "utf-7",
            "johab",
            "mac_roman",
            "mac_latin2",
            "iso8859_3",
            "iso8859_10",
            "hz",
        ),
        *(f"cp{page}" for page in _DOS_PAGES if page != 866),
    )
)
_STRIP = str.maketrans("", "", "-_ .:'\"()")


def codec_of(label: str) -> str:
    """Return the Python codec that a charset label stands for; empty when it is not allowed."""
    if len(label) > 60:
        return ""
    return _CODECS.get(label.lower().translate(_STRIP), "")


def decode(data: bytes, label: str = "") -> tuple[str, str]:
    """Decode what a stranger sent.

    Args:
        data: Bytes after the transfer encoding was undone.
        label: The charset that the sender declared; untrusted, may be empty.

    Returns:
        The text, with neither NUL nor lone surrogates, and what was wrong; empty when all was well.
    """
    codec = codec_of(label) if label else ""
    if codec not in _STATEFUL and data.isascii():
        text = data.decode("ascii")
        return (text.replace("\0", "\ufffd") if "\0" in text else text), ""
    text, used = _decoded(data, codec)
    if used == codec or (not label and used == "utf-8"):
        defect = ""
    elif label:
        defect = f"The text is marked {label[:40]!r} but was read as {used}."
    else:
        defect = f"The text names no character set and was read as {used}."
    return storable(text), defect


def _decoded(data: bytes, codec: str) -> tuple[str, str]:
    if codec and codec not in _STATEFUL and codec not in _MULTIBYTE and codec != "utf-8":
        # UTF-8 that is marked as something else is common, and does not decode by chance.
        try:
            return data.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    for candidate in (codec, "utf-8"):
        if candidate:
            try:
                return data.decode(candidate), candidate
            except (UnicodeError, ValueError):
                continue
    if codec == "utf-8" or codec in _MULTIBYTE:
        # A few broken bytes in a long text: keep the label, mark the bytes.
        text = data.decode(codec, "replace")
        if text.count("\ufffd") * 50 <= len(text):
            return text, f"{codec} with broken bytes"
    return _guessed(data)


def _guessed(data: bytes) -> tuple[str, str]:
    """Ask chardet when there is enough to go by; a few odd bytes are Windows' punctuation."""
    high = data[:_LOOK_BYTES].translate(None, _ASCII)
    if len(high) >= _FEW and high.translate(None, _PUNCTUATION):
        import chardet  # 20 ms, and few mails need it

        lines = [line for line in data[:_LOOK_BYTES].split(b"\n") if not line.isascii()]
        guess = chardet.detect(b"\n".join(lines)[:_GUESS_BYTES])
        codec = codec_of(str(guess.get("encoding") or ""))
        if codec not in _NEVER_GUESSED:
            try:
                return data.decode(codec), codec
            except (UnicodeError, ValueError):
                pass
    return data.decode("cp1252", "replace"), "cp1252"


def storable(text: str) -> str:
    """Return ``text`` without what SQLite cannot keep: NUL and lone surrogates become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
