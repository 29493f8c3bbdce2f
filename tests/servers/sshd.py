"""A private OpenSSH server on loopback, for tests: this user, one key, nothing of the system's.

Works as root and as a normal user. Needs Debian's ``openssh-server`` or the like; `find_sshd` says
whether it is there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 20.0

_CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PermitRootLogin yes
PrintMotd no
{environment}
"""
_CLIENT = """
Host *
IdentityFile {folder}/user
IdentitiesOnly yes
UserKnownHostsFile {folder}/known
StrictHostKeyChecking accept-new
BatchMode yes
"""


@dataclass(frozen=True)
class SshServer:
    """A server that runs.

    Attributes:
        bin: A folder whose program ``ssh`` is the real one, with the key for this server.
    """

    port: int
    folder: Path
    bin: Path


def find_sshd() -> str:
    """Return the server's program; empty where there is none."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return found if found and shutil.which("ssh") and shutil.which("ssh-keygen") else ""


@contextlib.contextmanager
def running_sshd(environment: Mapping[str, str]) -> Iterator[SshServer]:
    """Run a server that gives its programs an environment."""
    folder = Path(tempfile.mkdtemp(prefix="sshd-"))
    ssh = shutil.which("ssh")
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks itself in
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = " ".join(f'"{name}={value}"' for name, value in environment.items())
    (folder / "sshd.conf").write_text(
        _CONFIGURATION.format(port=port, folder=folder, environment=f"SetEnv {told}")
    )
    (folder / "ssh.conf").write_text(_CLIENT.format(folder=folder))
    (folder / "bin").mkdir()
    client = folder / "bin" / "ssh"
    client.write_text(f'#!/bin/sh\nexec {ssh} -F {folder}/ssh.conf "$@"\n')
    client.chmod(0o755)
    server = subprocess.Popen(
        [find_sshd(), "-D", "-e", "-f", str(folder / "sshd.conf")],
        stdin=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
    )
    try:
        _wait_for(port, server, folder)
        yield SshServer(port, folder, folder / "bin")
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def _wait_for(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"sshd did not start: {(folder / 'log').read_text()}")
