"""Makes ext4 file systems of a fixed size on loop devices, and detaches those; in a helper container, as its root.

`python3 -c SOURCE attach BYTES NAME=PATH ...` or `python3 -c SOURCE detach`; standard library and mke2fs only. The
images lie in /disk, a volume of ours, whole (no byte of theirs is taken from the machine's disk later). Each gets the
owner of PATH in this container's image. Prints NAME and device. The numbers are those of linux/loop.h.
"""

import errno
import fcntl
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

SET_FD, CLR_FD, GET_STATUS64, GET_FREE = 0x4C00, 0x4C01, 0x4C05, 0x4C82
CONTROL = os.makedev(10, 237)
STATUS_BYTES = 232
DISKS = Path("/disk")
TRIES = 20


def opened(name: str, kind: int, device: int) -> int:
    """A descriptor of a device, by a node of our own."""
    node = Path("/tmp") / name  # noqa: S108 - the helper's own
    if not node.exists():
        os.mknod(node, kind | 0o600, device)
    return os.open(node, os.O_RDWR)


def loop(number: int) -> int:
    """A descriptor of a loop device."""
    major, minor = Path(f"/sys/block/loop{number}/dev").read_text(encoding="ascii").split(":")
    return opened(f"loop{number}", stat.S_IFBLK, os.makedev(int(major), int(minor)))


def attach(size: int, name: str, like: Path) -> int:
    """Make the file system, and give it a device; its number."""
    image = os.open(DISKS / f"{name}.img", os.O_RDWR | os.O_CREAT, 0o600)
    os.truncate(image, size)
    owner = like.stat() if like.exists() else DISKS.stat()
    how = ["-q", "-F", "-t", "ext4", "-m", "0", "-E", f"root_owner={owner.st_uid}:{owner.st_gid}"]
    subprocess.run(["mke2fs", *how, str(DISKS / f"{name}.img")], check=True, stderr=subprocess.STDOUT)
    os.posix_fallocate(image, 0, size)  # after mke2fs, which gives back what it finds empty
    for _ in range(TRIES):
        number = fcntl.ioctl(opened("loop-control", stat.S_IFCHR, CONTROL), GET_FREE)
        # Noted before it is taken: what is killed in between is found by `detach`.
        (DISKS / f"{name}.device").write_text(str(number), encoding="ascii")
        try:
            fcntl.ioctl(loop(number), SET_FD, image)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
        else:
            return number
    raise SystemExit("no loop device was free")


def detach(noted: Path) -> None:
    """Detach a device, if it is still that of our image."""
    device = loop(int(noted.read_text(encoding="ascii")))
    try:
        status = fcntl.ioctl(device, GET_STATUS64, bytes(STATUS_BYTES))
    except OSError:
        return  # nothing is attached
    if struct.unpack_from("=QQ", status)[1] == noted.with_suffix(".img").stat().st_ino:
        fcntl.ioctl(device, CLR_FD)


if sys.argv[1] == "attach":
    for given in sys.argv[3:]:
        key, _, path = given.partition("=")
        print(key, f"/dev/loop{attach(int(sys.argv[2]), key, Path(path))}")
else:
    for one in DISKS.glob("*.device"):
        detach(one)
