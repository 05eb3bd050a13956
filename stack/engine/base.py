"""The base image: as it is, from its registry, or made on this machine from Debian's packages."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from engine.commands import Failed, image_id, last_line, output, say
from engine.sources import Mirror, is_debian, read_sources

__all__ = ["BASE", "make_base"]

BASE = "debian:bookworm-slim"
RELEASE = "bookworm"
PULL_S = 60
PREFERENCES = (
    "force-unsafe-io",
    "path-exclude=/usr/share/doc/*",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/info/*",
)


def make_base(base: str) -> None:
    """Have the base locally: as it is, from its registry, or made from packages. Raises Failed."""
    if image_id(base):
        say(f"base: {base} is here")
        return
    say(f"base: asking the registry for {base}, {PULL_S} s at most")
    pulled = output("docker", "pull", "--quiet", base, timeout_s=PULL_S)
    if pulled.returncode == 0:
        return
    reason = last_line(pulled)
    if base != BASE:
        raise Failed(f"'docker pull {base}' gave: {reason}; only {BASE} can be made here without a registry")
    say(f"base: the registry gave: {reason}")
    with tempfile.TemporaryDirectory(prefix="stehauf-base-") as folder:
        archive = Path(folder) / "base.tar"
        bootstrap(archive, reason)
        imported = output(
            "docker",
            "import",
            "--change",
            'CMD ["bash"]',
            "--message",
            "made from Debian's packages by stack/image",
            str(archive),
            base,
        )
    if imported.returncode != 0:
        raise Failed(f"'docker import' of the base gave: {last_line(imported)}; look at the engine's disk space")
    say(f"base: made, tagged {base}")


def bootstrap(archive: Path, pull_reason: str) -> None:
    """Make a Debian with Python as a tar file. Raises Failed."""
    found = debian_mirrors(read_sources(Path("/etc/apt")))
    if not found:
        raise Failed(
            f"{BASE} is neither here nor to be had from a registry ({pull_reason}), and this machine's "
            "package sources name no Debian mirror to make it from (an Ubuntu mirror has no Debian "
            f"packages): run 'docker load' or 'docker pull' for {BASE} where a registry answers, or use "
            "the embedded target"
        )
    install_mmdebstrap()
    say(f"base: making it from {', '.join(dict.fromkeys(mirror.uri for mirror in found))} (half a minute)")
    command = ["mmdebstrap", "--quiet", "--variant=apt", "--include=python3,iptables,iproute2,e2fsprogs"]
    command += ['--aptopt=Acquire::Languages "none"']
    command += [f"--dpkgopt={preference}" for preference in PREFERENCES]
    command += [RELEASE, str(archive), *(mirror.line() for mirror in found)]
    made = output(*command, timeout_s=600)
    if made.returncode != 0:
        raise Failed(
            f"mmdebstrap, asked for {RELEASE} from {found[0].uri}, gave: {last_line(made)}; see whether "
            "'apt-get update' works on this machine"
        )


def install_mmdebstrap() -> None:
    """Raises Failed where it is absent and cannot be installed."""
    if shutil.which("mmdebstrap"):
        return
    if os.geteuid() != 0:
        raise Failed(
            "making the base needs mmdebstrap, which is not installed, and only root can install it: run "
            "'apt-get install mmdebstrap' as root and then this again"
        )
    say("base: installing mmdebstrap")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    output("apt-get", "update", "-qq", timeout_s=300)
    installed = output(
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "mmdebstrap",
        "uidmap",
        timeout_s=300,
        env=environment,
    )
    if installed.returncode != 0:
        raise Failed(f"'apt-get install mmdebstrap' gave: {last_line(installed)}; install it by hand")


def debian_mirrors(sources: list[Mirror]) -> list[Mirror]:
    """The release's own suites on the machine's Debian mirrors: main, and security where the machine has it."""
    main, security = [], []
    for mirror in sources:
        if re.fullmatch(r"(bookworm|trixie|forky|sid|stable|testing|oldstable|unstable)", mirror.suite) and (
            is_debian(mirror.uri)
        ):
            main.append(Mirror(mirror.uri, RELEASE, mirror.options))
        elif mirror.suite.endswith("-security") and is_debian(mirror.uri):
            security.append(Mirror(mirror.uri, f"{RELEASE}-security", mirror.options))
    return list(dict.fromkeys(main[:1] + security[:1])) if main else []
