"""The machine that the figures were taken on, without its name."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

__all__ = ["described"]


def described() -> dict[str, str]:
    """What a reader must know to judge the figures."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "chaostoolkit-lib": version("chaostoolkit-lib"),
        "locust": version("locust"),
        "engine": _engine(),
        "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }
    return {key: value for key, value in found.items() if value}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _engine() -> str:
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    return f"Docker {done.stdout.strip()}" if done.returncode == 0 else "none"
