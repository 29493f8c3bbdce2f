"""A private Dovecot on loopback, for tests and benches: any user, password ``secret``.

Works as root (mailboxes then belong to ``nobody``) and as a normal user. Needs Debian's
``dovecot-imapd`` or the like; `find_dovecot` says whether it is there.
"""

from __future__ import annotations

import base64
import contextlib
import grp
import hashlib
import hmac
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme

PASSWORD = "secret"
JWT_KEY = b"secret-key-for-tests"
HOST = "127.0.0.1"
START_SECONDS = 20.0

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
info_log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mailbox_idle_check_interval = 1 secs
mail_max_userip_connections = {connections}
mail_fsync = never
login_greeting = ready
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf.ext
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={folder}/home/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {plain_port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{more}
"""


@dataclass(frozen=True)
class Certificates:
    """Files in PEM: a certificate authority, and what it and a stranger signed."""

    authority: Path
    good: Path
    wrong_host: Path
    unknown: Path


def make_certificates(folder: Path) -> Certificates:
    """Write certificates for ``localhost`` and 127.0.0.1, and some that are wrong."""
    ours, stranger = trustme.CA(), trustme.CA()
    made = {
        "good": ours.issue_cert("localhost", HOST),
        "wrong_host": ours.issue_cert("mail.example"),
        "unknown": stranger.issue_cert("localhost", HOST),
    }
    ours.cert_pem.write_to_path(str(folder / "authority.pem"))
    for name, certificate in made.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
    paths = {name: folder / f"{name}.pem" for name in made}
    return Certificates(authority=folder / "authority.pem", **paths)


def find_dovecot() -> str:
    """Return the path of the server; empty where there is none."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or ""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def token(address: str, *, expires_in: float = 3600, key: bytes = JWT_KEY) -> str:
    """Return an OAuth access token as the server checks it by itself: a JWT signed with HS256."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    claims = {"email": address, "sub": address, "iat": now - 10, "exp": now + int(expires_in)}
    body = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    return (body + b"." + part(hmac.digest(key, body, hashlib.sha256))).decode()


class Dovecot:
    """One server with a folder of its own; `start` it, `stop` it."""

    def __init__(self, folder: Path, *, connections: int = 50, more: str = "") -> None:
        self.folder = folder
        self.plain_port, self.tls_port = free_port(), free_port()
        self.certificates = make_certificates(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._root = os.getuid() == 0
        me = pwd.getpwuid(os.getuid())
        self._owner = pwd.getpwnam("nobody") if self._root else me
        (folder / "server.pem").write_bytes(self.certificates.good.read_bytes())
        (folder / "server.pem").chmod(0o600)
        for path in ("keys/shared/default/HS256/default", "keys/default/HS256/default"):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(base64.b64encode(JWT_KEY))
        (folder / "oauth2.conf.ext").write_text(
            "introspection_mode = local\n"
            f"local_validation_key_dict = fs:posix:prefix={folder}/keys/\n"
            "username_attribute = email\n"
        )
        group = grp.getgrgid(me.pw_gid).gr_name
        (folder / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                internal="dovecot" if self._root else me.pw_name,
                internal_group="dovecot" if self._root else group,
                login="dovenull" if self._root else me.pw_name,
                connections=connections,
                password=PASSWORD,
                mail_user=self._owner.pw_uid,
                mail_group=self._owner.pw_gid,
                plain_port=self.plain_port,
                tls_port=self.tls_port,
                more=more,
            )
        )
        (folder / "home").mkdir(exist_ok=True)
        for place in (folder, folder / "home"):
            place.chmod(0o755)

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: It did not; the message has its log.
        """
        with (self.folder / "start.log").open("ab") as log:
            self._process = subprocess.Popen(
                [find_dovecot(), "-F", "-c", str(self.folder / "dovecot.conf")],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((HOST, self.plain_port), 1) as probe,
            ):
                probe.settimeout(2)
                if probe.recv(4) == b"* OK":
                    return
            time.sleep(0.05)
        raise RuntimeError(f"Dovecot did not start:\n{self.log()}")

    def stop(self) -> None:
        """Stop it, and every connection with it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=1)  # it waits for clients that are connected
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def log(self) -> str:
        """Return what it wrote."""
        parts = (self.folder / "start.log", self.folder / "dovecot.log")
        return "\n".join(path.read_text("utf-8", "replace") for path in parts if path.exists())

    def maildir(self, user: str, folder: str = "") -> Path:
        """Return the Maildir of a user's folder; it may not exist yet."""
        root = self.folder / "home" / user / "Maildir"
        return root / f".{folder.replace('/', '.')}" if folder else root

    def deliver(self, user: str, messages: Iterable[bytes], folder: str = "") -> list[Path]:
        """Put messages into a mailbox as a delivery agent would; return their files."""
        place = self.maildir(user, folder)
        for name in ("tmp", "new", "cur"):
            (place / name).mkdir(parents=True, exist_ok=True)
        self._own(self.folder / "home" / user, place)
        made = []
        for number, message in enumerate(messages):
            name = f"{time.time_ns()}.{number}_{os.getpid()}.mail.example"
            path = place / "tmp" / name
            path.write_bytes(message)
            if self._root:
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
            made.append(path.rename(place / "new" / name))
        return made

    def renumber(self, user: str, folder: str = "") -> None:
        """Let the server forget a folder's UIDs: it gives out another UIDVALIDITY."""
        place = self.maildir(user, folder)
        time.sleep(1.1)  # UIDVALIDITY is made of the second
        for path in [*place.glob("dovecot-uidlist*"), *place.glob("dovecot.index*")]:
            path.unlink()

    def files(self, user: str) -> dict[str, bytes]:
        """Return every message file of a user, by its path, flags included."""
        root = self.maildir(user)
        return {
            str(path.relative_to(root)): path.read_bytes()
            for name in ("new", "cur")
            for path in root.rglob(f"{name}/*")
        }

    def _own(self, home: Path, place: Path) -> None:
        if not self._root:
            return
        for path in self._folders(home, place):
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _folders(self, home: Path, place: Path) -> Iterator[Path]:
        yield home
        yield self.maildir(home.name)
        yield place
        for name in ("tmp", "new", "cur"):
            yield place / name


@contextlib.contextmanager
def running(*, connections: int = 50, more: str = "") -> Iterator[Dovecot]:
    """Run a server for as long as the block lasts.

    Its folder is short, in the system's own: the path of a socket has at most 107 bytes.
    """
    folder = Path(tempfile.mkdtemp(prefix="dove-"))
    server = Dovecot(folder, connections=connections, more=more)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
