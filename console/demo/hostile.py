"""Messages that try to act on the terminal, the app or the reader; each is only text here.

They are in the demo so that anyone can see what becomes of them.
"""

from __future__ import annotations

from console.demo.mails import Mail

ESCAPE = "\x1b"
MINUTE = 60_000

_FROM = ("Mallory [b]Vex[/b] \u202egpj.exe", "mallory@vex.example")


def _mail(number: int, subject: str, text: str, at: int, to: str, **more: object) -> Mail:
    return Mail(
        message_id=f"hostile-{number}@vex.example",
        sender=_FROM,
        to=("Tidewater", to),
        at=at - number * 37 * MINUTE,
        zone="UTC",
        subject=subject,
        text=text,
        **more,  # type: ignore[arg-type]  # keyword fields of Mail, passed through
    )


def hostile_mails(at: int, to: str) -> tuple[Mail, ...]:
    """Return the hostile mails, the newest at ``at`` (UTC milliseconds), sent to ``to``."""
    zalgo = "help" + "\u0335\u0322\u0328\u0337\u0358\u0341" * 12
    return (
        _mail(
            1,
            "Re: [/] invoice",
            "The subject closes a tag that was never opened. [/] [/b] [",
            at,
            to,
        ),
        _mail(
            2,
            "[@click=app.quit]x[/]",
            "[@click=app.quit]Click here[/] to win. [link=x]y[/link]",
            at,
            to,
        ),
        _mail(
            3,
            f"Clipboard {ESCAPE}]52;c;cm0gLXJmIH4=\x07 and title {ESCAPE}]0;owned\x07",
            f"Clear {ESCAPE}[2J{ESCAPE}[H screen, {ESCAPE}[31mred{ESCAPE}[0m, "
            "C1 \x9b31m \x85 \x90q\x9c, bell \x07, NUL \x00.",
            at,
            to,
        ),
        _mail(
            4,
            "Bidi \u202etxt.ecioni\u202c and \u2066isolates\u2069 and tags \U000e0041\U000e0042",
            f"Zalgo: {zalgo}\nZero\u200bwidth\u200bspaces and a word joiner\u2060.\nLong line: "
            + "A" * 6000,
            at,
            to,
            attachment=("../../../etc/passwd\u202efdp.exe", "application/x-msdownload"),
        ),
        _mail(
            5,
            "<script>alert(1)</script>",
            "<script>alert('x')</script><img src='https://tracker.example/p.gif'> "
            "{{7*7}} ${HOME} `id` $(id)",
            at,
            to,
            rich=True,
        ),
        _mail(
            6,
            "'); drop table cases; --",
            'Robert"; select * from journal; " OR 1=1 AND NEAR(',
            at,
            to,
        ),
    )
