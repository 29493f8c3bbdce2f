"""What two subjects have in common when one answers the other: prefixes and list tags are off."""

from __future__ import annotations

import re
from functools import lru_cache

KEY_CHARACTERS = 200
PREFIXES_REMOVED = 20

# Reply and forward marks of mail clients in many languages, as they appear before a colon.
_MARKS = """
re,aw,antw,antwort,sv,vs,fw,fwd,wg,tr,rv,enc,res,odp,pd,ynt,ilt,i,r,rif,vb,doorst,vl,bls,ref
отв,пересл,на,σχετ,πρθ,απ,رد,إعادة توجيه,תשובה,השב,הועבר,trả lời,chuyển tiếp
回复,回覆,答复,答覆,转发,轉寄,轉發,返信,転送,회신,전달
"""
_WORDS = frozenset(_MARKS.strip().replace("\n", ",").split(","))
# "Re", "Re[2]", "Re(3)", "RE^4", "AW 2" and a colon, ASCII or full width; nothing nests.
_PREFIX = re.compile(
    r"\s{0,9}([^\W\d_]{1,10}(?: [^\W\d_]{1,10})?)\s{0,2}(?:[\[(^]?\d{1,3}[\])]?)?\s{0,2}[:：]"
)
_TAG = re.compile(r"\s{0,9}\[[^\]\[]{1,60}\]")
_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def subject_key(subject: str) -> str:
    """Return a subject without reply marks and list tags, lower case; empty when nothing is left.

    Args:
        subject: One line; untrusted.
    """
    rest = subject[: KEY_CHARACTERS * 3]
    for _ in range(PREFIXES_REMOVED):
        tag = _TAG.match(rest)
        if tag and rest[tag.end() :].strip():
            rest = rest[tag.end() :]
            continue
        mark = _PREFIX.match(rest)
        if not mark or mark.group(1).casefold() not in _WORDS:
            break
        rest = rest[mark.end() :]
    return _SPACES.sub(" ", rest).strip().casefold()[:KEY_CHARACTERS]
