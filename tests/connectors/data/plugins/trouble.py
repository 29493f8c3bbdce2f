"""Connectors that misbehave in every way that a parser of strangers' text may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from connectors import culprit
from connectors.contract import (
    Address,
    AuthError,
    BadFile,
    Context,
    Entry,
    Item,
    Party,
    Progress,
    Quarantined,
    RateLimited,
    Recognised,
    State,
    Transient,
)


def numbered(number: int, text: str = "") -> Entry:
    author = Party("author", Address("handle", f"u{number % 7}", "trouble"))
    return Entry(f"n{number}", 1_700_000_000_000 + number, parties=(author,), text=text)


class Counting:
    """Counts to ``settings["count"]``; a checkpoint after every ``settings["every"]`` items."""

    name = "counting"
    sets_aside = False

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        return None

    def pull(self, context: Context) -> Iterator[Item]:
        count = int(context.settings.get("count", "100"))
        every = int(context.settings.get("every", "10"))
        start = int(context.cursor or 0)
        for number in range(start, count):
            if self.sets_aside and culprit.is_next():
                yield Quarantined(f"n{number}", f"item {number}", "It kills the reader.", b"raw")
            else:
                self.trouble(number, context)
                yield numbered(number, context.settings.get("text", ""))
            if (number + 1) % every == 0:
                yield State(str(number + 1))
                yield Progress(number + 1, count, "entries")
        yield State(str(count))

    def trouble(self, number: int, context: Context) -> None:
        return None


class Deadly(Counting):
    """Kills its own process at certain numbers."""

    def trouble(self, number: int, context: Context) -> None:
        if str(number) in context.settings["deadly"].split(","):
            os.kill(os.getpid(), signal.SIGKILL)


class Skippable(Deadly):
    sets_aside = True


class DiesOnce(Counting):
    """Kills its own process once, at a number, if the file ``path`` is still there."""

    def trouble(self, number: int, context: Context) -> None:
        if number == int(context.settings["deadly"]) and os.path.exists(context.path):
            # A limited worker may not write, but it may remove.
            os.unlink(context.path)
            os.kill(os.getpid(), signal.SIGKILL)


class Hanging(Counting):
    """Loops for ever in Python at one number; catches it, as a parser's guard would, if told."""

    def trouble(self, number: int, context: Context) -> None:
        if number == 5:
            while True:
                pass

    def pull(self, context: Context) -> Iterator[Item]:
        if context.settings.get("guarded") != "yes":
            yield from super().pull(context)
            return
        for number in range(10):
            try:
                self.trouble(number, context)
                yield numbered(number)
            except Exception as error:
                yield Quarantined(f"n{number}", f"item {number}", str(error), b"raw")
        yield State("10")


class Deaf(Counting):
    """Hangs where no signal reaches it, as compiled code may."""

    def trouble(self, number: int, context: Context) -> None:
        if number == 5:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            time.sleep(600)


class DeadlyMail:
    """Reads mbox files, with a parser that some mails kill as a crash in compiled code would."""

    name = "deadly_mail"
    sets_aside = True

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        return None

    def pull(self, context: Context) -> Iterator[Item]:
        from connectors.mail import mbox, reader

        parse = reader.parse

        def parse_or_die(raw: bytes, **options: object) -> Entry:
            if b"Subject: deadly" in raw:
                os.abort()
            return parse(raw, **options)  # type: ignore[arg-type]

        reader.parse = parse_or_die  # type: ignore[assignment]
        return mbox.connector.pull(context)


class Bomb(Counting):
    """Takes memory without end."""

    def trouble(self, number: int, context: Context) -> None:
        if number == 25:
            hoard = []
            while True:
                hoard.append(bytearray(64 << 20))


class Slow(Counting):
    """Takes its time for each item."""

    def trouble(self, number: int, context: Context) -> None:
        time.sleep(float(context.settings.get("seconds", "0.005")))


class Chatty(Counting):
    """Prints where frames go, floods standard error, and starts children."""

    def trouble(self, number: int, context: Context) -> None:
        print("this is not a frame", flush=True)  # noqa: T201  # what it is about
        sys.stderr.write("\x1b]0;title\x07" * 1000)


class Escaping(Counting):
    """Leaves a process behind that keeps the pipes open in a group of its own."""

    def trouble(self, number: int, context: Context) -> None:
        if number == 0:
            command = [sys.executable, "-c", "import time; time.sleep(8)"]
            subprocess.Popen(command, start_new_session=True)


class Raising(Counting):
    def trouble(self, number: int, context: Context) -> None:
        if number == 15:
            error = {
                "bad_file": BadFile("The file ends too early."),
                "auth": AuthError("The server refused the password."),
                "rate": RateLimited("The server asks to wait.", 3600.0),
                "transient": Transient("The line is down."),
                "bug": ValueError("secret text of a customer"),
                "surrogate": None,
                "alien": None,
            }[context.settings["error"]]
            if error is not None:
                raise error


class Surrogates(Counting):
    def pull(self, context: Context) -> Iterator[Item]:
        yield numbered(1, "fine")
        yield Entry("n2", 1, text="broken \ud800 text", defects=("a \udfff",))
        yield State("2")


class Flaky(Counting):
    """Fails with `Transient` as often as the file ``path`` has lines, one fewer each time."""

    def trouble(self, number: int, context: Context) -> None:
        folder = Path(context.path)
        if number % 20 == 15 and (left := sorted(folder.iterdir())):
            left[0].unlink()
            raise Transient("The line is down.")


class Peeking(Counting):
    """Tells what it can see of the world it runs in."""

    def pull(self, context: Context) -> Iterator[Item]:
        import resource

        facts = {
            "environment": ",".join(sorted(os.environ)),
            "folder": os.getcwd(),
            "leader": str(os.getpid() == os.getpgid(0) == os.getsid(0)),
            "core": str(resource.getrlimit(resource.RLIMIT_CORE)),
            "file": str(resource.getrlimit(resource.RLIMIT_FSIZE)),
            "memory": str(resource.getrlimit(resource.RLIMIT_AS)[0]),
            "cursor": context.cursor,
            "survey": str(context.survey),
            "source": context.settings["source"],
        }
        for name, value in facts.items():
            yield Entry(name, 1, text=value, original=b"bytes as received")
        yield State("end")


counting, deadly, skippable, dies_once = Counting(), Deadly(), Skippable(), DiesOnce()
hanging, deaf, bomb, slow, chatty = Hanging(), Deaf(), Bomb(), Slow(), Chatty()
deadly_mail, escaping = DeadlyMail(), Escaping()
raising, surrogates, flaky, peeking = Raising(), Surrogates(), Flaky(), Peeking()
