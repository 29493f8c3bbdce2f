"""What the exit codes of ``centric`` mean; scripts may rely on them.

The numbers from 64 on are those of BSD's ``sysexits.h``, 130 is a shell's for an interrupt.
"""

from __future__ import annotations

OK = 0
NOTHING = 1
USAGE = 2
BAD_INPUT = 65
NO_INPUT = 66
UNAVAILABLE = 69
INTERNAL = 70
NOT_ALLOWED = 77
INTERRUPTED = 130

MEANINGS: dict[int, str] = {
    OK: "It was done; or the reader of the output went away early.",
    NOTHING: "Nothing was found, or a conflict or the state of a case stood in the way.",
    USAGE: "The command line or the configuration was not understood.",
    BAD_INPUT: "A file is broken, or of a kind that cannot be imported.",
    NO_INPUT: "There is no store at that place, or a file to be read is missing.",
    UNAVAILABLE: "The store or a program that is needed cannot be used at the moment.",
    INTERNAL: "A mistake of ours; a report without any text of yours is in the state folder.",
    NOT_ALLOWED: "The agent's role does not allow it.",
    INTERRUPTED: "Interrupted by the user; what was committed stays.",
}
