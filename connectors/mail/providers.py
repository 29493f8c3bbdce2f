"""Where the mail of an address is kept: well-known providers, published records, and guesses."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connectors.mail.imap import Tls
from connectors.mail.imap_replies import one_line

RECORD_BYTES = 64 * 1024
RECORD_SECONDS = 5.0
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Server:
    """A server and how to speak to it."""

    host: str
    port: int
    tls: Tls = "tls"
    user: str = ""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the mail of an address is.

    Attributes:
        title: Who runs it; empty for a guess.
        found: How it was found, in words.
        incoming: To read from.
        outgoing: To send through; None when unknown.
        auth: ``google`` or ``microsoft`` where passwords are off or need a detour.
        app_password: Where an app password is made; empty where the usual one is taken.
        switch: Where IMAP is switched on; empty where it always is.
    """

    title: str
    found: str
    incoming: Server
    outgoing: Server | None = None
    auth: str = ""
    app_password: str = ""
    switch: str = ""


def _known(
    title: str,
    domains: str,
    incoming: str,
    outgoing: str,
    *,
    auth: str = "",
    app_password: str = "",
    switch: str = "",
    outgoing_port: int = 465,
) -> dict[str, Servers]:
    through = Server(outgoing, outgoing_port, "tls" if outgoing_port == 465 else "starttls")
    found = Servers(
        title, "a known provider", Server(incoming, 993), through, auth, app_password, switch
    )
    return dict.fromkeys(domains.split(), found)


_GMAIL_SWITCH = "https://mail.google.com/mail/#settings/fwdandpop"
_YAHOO_PASSWORD = "https://login.yahoo.com/account/security"
KNOWN: dict[str, Servers] = {
    **_known(
        "Gmail", "gmail.com googlemail.com", "imap.gmail.com", "smtp.gmail.com", auth="google",
        app_password="https://myaccount.google.com/apppasswords", switch=_GMAIL_SWITCH,
    ),
    **_known(
        "Outlook.com", "outlook.com hotmail.com live.com msn.com outlook.de outlook.fr hotmail.fr",
        "outlook.office365.com", "smtp-mail.outlook.com", auth="microsoft", outgoing_port=587,
        switch="https://outlook.live.com/mail/0/options/mail/accounts",
    ),
    **_known(
        "Microsoft 365", "onmicrosoft.com", "outlook.office365.com", "smtp.office365.com",
        auth="microsoft", outgoing_port=587,
    ),
    **_known(
        "iCloud", "icloud.com me.com mac.com", "imap.mail.me.com", "smtp.mail.me.com",
        app_password="https://account.apple.com/account/manage", outgoing_port=587,
    ),
    **_known(
        "Yahoo", "yahoo.com yahoo.de yahoo.fr yahoo.co.uk ymail.com rocketmail.com",
        "imap.mail.yahoo.com", "smtp.mail.yahoo.com", app_password=_YAHOO_PASSWORD,
    ),
    **_known(
        "AOL", "aol.com aim.com", "imap.aol.com", "smtp.aol.com",
        app_password="https://login.aol.com/account/security",
    ),
    **_known(
        "Fastmail", "fastmail.com fastmail.fm messagingengine.com", "imap.fastmail.com",
        "smtp.fastmail.com", app_password="https://app.fastmail.com/settings/security/integrations",
    ),
    **_known(
        "GMX", "gmx.de gmx.at gmx.ch gmx.net", "imap.gmx.net", "mail.gmx.net",
        switch="https://www.gmx.net/mail/imap-pop3/",
    ),
    **_known(
        "GMX", "gmx.com gmx.us gmx.fr gmx.es", "imap.gmx.com", "mail.gmx.com",
        switch="https://support.gmx.com/pop-imap/",
    ),
    **_known(
        "WEB.DE", "web.de", "imap.web.de", "smtp.web.de", outgoing_port=587,
        switch="https://hilfe.web.de/pop-imap/",
    ),
    **_known("Posteo", "posteo.de posteo.net", "posteo.de", "posteo.de"),
    **_known("mailbox.org", "mailbox.org", "imap.mailbox.org", "smtp.mailbox.org"),
    **_known("T-Online", "t-online.de magenta.de", "secureimap.t-online.de",
             "securesmtp.t-online.de", app_password="https://email.t-online.de"),
    **_known("IONOS", "ionos.com 1und1.de", "imap.ionos.com", "smtp.ionos.com"),
    **_known("Strato", "strato.de", "imap.strato.de", "smtp.strato.de"),
    **_known("OVH", "ovh.net", "ssl0.ovh.net", "ssl0.ovh.net"),
    **_known("Zoho", "zoho.com zohomail.com", "imap.zoho.com", "smtp.zoho.com",
             app_password="https://accounts.zoho.com/home#security/app_password",
             switch="https://mail.zoho.com/zm/#settings/all/mailaccounts"),
    **_known("Yandex", "yandex.com yandex.ru ya.ru", "imap.yandex.com", "smtp.yandex.com",
             app_password="https://id.yandex.com/security/app-passwords"),
    **_known("Mail.ru", "mail.ru bk.ru list.ru inbox.ru", "imap.mail.ru", "smtp.mail.ru",
             app_password="https://account.mail.ru/user/2-step-auth/passwords"),
    **_known("Orange", "orange.fr wanadoo.fr", "imap.orange.fr", "smtp.orange.fr"),
    **_known("Free", "free.fr", "imap.free.fr", "smtp.free.fr"),
    **_known("Seznam", "seznam.cz email.cz", "imap.seznam.cz", "smtp.seznam.cz"),
    **_known("Infomaniak", "infomaniak.com ik.me", "mail.infomaniak.com", "mail.infomaniak.com"),
    **_known("Migadu", "migadu.com", "imap.migadu.com", "smtp.migadu.com"),
    **_known("Rackspace", "emailsrvr.com", "secure.emailsrvr.com", "secure.emailsrvr.com"),
}  # fmt: skip


def domain_of(address: str) -> str:
    """Return the domain of an address, as servers know it.

    Raises:
        ValueError: It is no address.
    """
    local, at, domain = address.strip().rpartition("@")
    try:
        domain = domain.lower().encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not (local and at and _DOMAIN.fullmatch(domain)):
        raise ValueError(f"“{one_line(address)}” is no mail address.")
    return domain


def find_servers(address: str, fetch: Fetch | None = None) -> list[Servers]:
    """Return where the mail of an address may be, the best first.

    Args:
        address: Of the mailbox.
        fetch: Gets a page; for tests. It raises OSError where there is none.

    Raises:
        ValueError: It is no address.
    """
    domain = domain_of(address)
    if domain in KNOWN:
        return [KNOWN[domain]]
    found = []
    for url in records_of(address, domain):
        try:
            record = read_record((fetch or _fetch)(url), address)
        except (OSError, ValueError):
            continue
        if record is not None:
            found.append(_completed(record))
            break
    return [*found, *_guesses(domain)]


def records_of(address: str, domain: str) -> Iterable[str]:
    """Yield where a provider may say where its servers are; only the last is not its own."""
    asked = urllib.parse.quote(address)
    yield f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={asked}"
    yield f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"
    yield f"https://autoconfig.thunderbird.net/v1.1/{domain}"


def read_record(data: bytes, address: str) -> Servers | None:
    """Read an autoconfig record; None where it names no server that can be spoken to safely.

    Raises:
        ValueError: It is none.
    """
    from xml.etree import ElementTree  # 10 ms, only here

    if b"<!" in data.replace(b"<!--", b""):
        raise ValueError("A record with declarations is not read.")
    try:
        # Without declarations an XML file cannot grow: it is as large as it is.
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None
    incoming = _server(root, "incomingServer", "imap", address)
    if incoming is None:
        return None
    title = one_line(root.findtext(".//displayShortName") or root.findtext(".//displayName") or "")
    outgoing = _server(root, "outgoingServer", "smtp", address)
    return Servers(title, "the provider's own record", incoming, outgoing)


def _server(root: object, tag: str, kind: str, address: str) -> Server | None:
    from xml.etree.ElementTree import Element

    if not isinstance(root, Element):
        return None
    ways: dict[str, Tls] = {"ssl": "tls", "starttls": "starttls"}
    for one in root.iter(tag):
        socket_type = (one.findtext("socketType") or "").strip().lower()
        host = (one.findtext("hostname") or "").strip().lower()
        port = (one.findtext("port") or "").strip()
        if one.get("type") != kind or socket_type not in ways or not port.isdigit():
            continue
        host = host.replace("%emaildomain%", address.rpartition("@")[2].lower())
        if not _DOMAIN.fullmatch(host) or not 0 < int(port) < 65_536:
            continue
        user = (one.findtext("username") or "").strip()
        return Server(host, int(port), ways[socket_type], _user(user, address))
    return None


def _user(pattern: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    written = {"%EMAILADDRESS%": address, "%EMAILLOCALPART%": local, "%EMAILDOMAIN%": domain}
    for placeholder, value in written.items():
        pattern = pattern.replace(placeholder, value)
    return one_line(pattern) if pattern != address else ""


def _completed(record: Servers) -> Servers:
    """Add what is known of the provider whose servers a record names."""
    for known in KNOWN.values():
        if known.incoming.host == record.incoming.host:
            return Servers(
                known.title, record.found, record.incoming, record.outgoing or known.outgoing,
                known.auth, known.app_password, known.switch,
            )  # fmt: skip
    return record


def _guesses(domain: str) -> list[Servers]:
    ways: tuple[tuple[str, int, Tls], ...] = (
        (f"imap.{domain}", 993, "tls"),
        (f"mail.{domain}", 993, "tls"),
        (f"imap.{domain}", 143, "starttls"),
        (f"mail.{domain}", 143, "starttls"),
    )
    return [
        Servers("", "a guess", Server(host, port, tls), Server(f"smtp.{domain}", 465))
        for host, port, tls in ways
    ]


def _fetch(url: str) -> bytes:
    asked = urllib.request.Request(url, headers={"Accept": "text/xml"})
    with urllib.request.urlopen(asked, timeout=RECORD_SECONDS) as answer:
        if not answer.geturl().startswith("https://"):
            raise ValueError("A record that came in the open is not believed.")
        data: bytes = answer.read(RECORD_BYTES + 1)
    if len(data) > RECORD_BYTES:
        raise ValueError("A record of more than 64 kB is none.")
    return data


_NEEDS_APP_PASSWORD = re.compile(r"app(?:lication)?[- ](?:specific|password)|asprequired", re.I)
_IS_OFF = re.compile(
    r"imap.{0,40}(?:disabled|not enabled|is off|deaktiviert|gesperrt)|not enabled for imap", re.I
)
_NEEDS_TOKEN = re.compile(r"basic ?auth|oauth|aadsts|web login|logindisabled|not offer a way", re.I)


def advice(servers: Servers | None, said: str) -> str:
    """Say what to do about a refused login.

    Args:
        servers: Whose; None when unknown.
        said: The error, with the server's own words.

    Returns:
        A sentence or two; empty where nothing is known.
    """
    title = servers.title if servers and servers.title else "The provider"
    if _IS_OFF.search(said):
        where = f": switch it on at {servers.switch}" if servers and servers.switch else ""
        return f"IMAP is off for this mailbox{where or '; its settings have a switch'}."
    if servers and servers.auth == "microsoft":
        return (
            "Microsoft takes no passwords over IMAP: log in with --auth microsoft and --client-id "
            "(docs/mail.md says how to register one)."
        )
    if servers and servers.app_password:
        return f"{title} takes an app password here, not your usual one: {servers.app_password}"
    if _NEEDS_APP_PASSWORD.search(said):
        return f"{title} wants an app password: make one in its security settings."
    if _NEEDS_TOKEN.search(said):
        return f"{title} takes no password over IMAP: use --auth google or --auth microsoft."
    if servers and servers.switch:
        return f"If the password is right, IMAP may be off: {servers.switch}"
    return ""
