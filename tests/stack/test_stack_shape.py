"""What the Compose file, the settings and the package sources promise."""

import json
import re
import sqlite3
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine.base import debian_mirrors
from engine.sources import Mirror, read_sources
from services.common.settings import Defects, InvalidSetting, Settings, read
from services.fulfilment.ledger import Fulfilment, Ledger
from stack_kit import STACK, BrokerProcess

COMPOSE: dict[str, Any] = yaml.safe_load((STACK / "compose.yaml").read_text(encoding="utf-8"))
EVERYTHING: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVICES = {name: service for name, service in EVERYTHING.items() if "profiles" not in service}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined_and_comes_back_by_itself(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "${RESTART_POLICY:-unless-stopped}"
    assert service["init"] is True, "without an init a crash from inside does nothing"
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(re.match(r"127\.0\.0\.1:", port) for port in service["ports"]), "published beyond this machine"
    assert "privileged" not in service
    assert "docker.sock" not in str(service)
    assert "/dev/tcp/127.0.0.1/" in service["healthcheck"]["test"][3]


@pytest.mark.parametrize("name", sorted(set(EVERYTHING) - set(SERVICES)))
def test_what_looks_on_is_confined_and_in_a_profile_of_its_own(name: str) -> None:
    service = EVERYTHING[name]
    assert len(service["profiles"]) == 1
    assert sum(service["profiles"] == other.get("profiles") for other in EVERYTHING.values()) == 1
    assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert all(re.match(r"127\.0\.0\.1:", port) for port in service["ports"]), "published beyond this machine"
    assert "docker.sock" not in str(service)
    assert not any(name in other.get("depends_on", {}) for other in EVERYTHING.values())


def test_the_image_runs_as_nobody_special() -> None:
    lines = (STACK / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert not any(line.lower().replace(" ", "").startswith("#syntax=") for line in lines)


def test_the_composed_defaults_are_the_services_own() -> None:
    for name, service in SERVICES.items():
        environment = {
            key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))
            for key, value in service.get("environment", {}).items()
        }
        settings = read(environment)
        assert settings == Settings(listen=settings.listen), name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALL_TIMEOUT_S", "nan"),
        ("CALL_TIMEOUT_S", "0"),
        ("CALL_TIMEOUT_S", "soon"),
        ("BREAKER_ENABLED", "maybe"),
        ("BREAKER_FAILURES", "-1"),
        ("PORT", "70000"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^{name}={value}: expected"):
        read({name: value})


def test_an_order_is_in_the_ledger_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite3", now_ns=iter(range(100)).__next__)
    assert ledger.fulfil(["a", "b"]) == 2
    assert ledger.fulfil(["b", "c"]) == 1
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite3")
    assert again.since(0) == [Fulfilment("a", 0), Fulfilment("b", 1), Fulfilment("c", 3)]
    assert again.since(1) == [Fulfilment("b", 1), Fulfilment("c", 3)]
    assert again.find("nobody") is None
    again.close()


def test_a_careless_ledger_takes_an_order_as_often_as_it_comes(tmp_path: Path) -> None:
    for careless, made in ((True, 2), (True, 2), (False, 0)):
        path = tmp_path / f"{careless}.sqlite3"
        ledger = Ledger(path, careless=careless)
        if not careless:
            ledger.fulfil(["a", "b"])
        assert ledger.fulfil(["a", "b"]) == made
        ledger.close()


def test_the_running_broker_syncs_to_its_disk_before_it_acknowledges(broker: BrokerProcess) -> None:
    """Killing a process cannot show it, for the page cache survives: so it is asked for its configuration."""
    with urllib.request.urlopen(f"http://127.0.0.1:{broker.monitoring_port}/varz", timeout=30) as answer:
        config = json.load(answer)["jetstream"]["config"]
    assert config["sync_always"] is True


def test_no_defect_is_built_in_unasked() -> None:
    assert Settings().defects == Defects(early_acknowledgement=False, no_idempotency=False)
    assert not Settings().broker.in_memory
    defects = re.findall(r"DEFECT_\w+: (.+)", (STACK / "compose.yaml").read_text(encoding="utf-8"))
    assert len(defects) == 3
    assert all(value.endswith(":-false}") for value in defects)


def test_a_ledger_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error):
        Ledger(tmp_path / "absent" / "ledger.sqlite3")


def sources(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_mirrors_come_from_either_format_of_package_sources(tmp_path: Path) -> None:
    listed = sources(
        tmp_path / "a",
        "sources.list",
        "# deb http://no.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian trixie main contrib\n"
        "deb-src http://m.example/debian trixie main\n"
        "deb http://m.example/debian-security trixie-security main\n",
    )
    stanzas = sources(
        tmp_path / "b",
        "sources.list.d/debian.sources",
        "Types: deb deb-src\nURIs: http://m.example/debian\nSuites: bookworm\n bookworm-updates\n"
        "Components: main\nSigned-By: /k.gpg\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n\n"
        "Types: deb\nURIs: http://m.example/debian-security\nSuites: bookworm-security\nComponents: main\n",
    )
    security = Mirror("http://m.example/debian-security", "bookworm-security", "")
    key = "[arch=amd64 signed-by=/k.gpg] "
    assert debian_mirrors(read_sources(listed)) == [Mirror("http://m.example/debian", "bookworm", key), security]
    key = "[signed-by=/k.gpg] "
    assert debian_mirrors(read_sources(stanzas)) == [Mirror("http://m.example/debian", "bookworm", key), security]


def test_a_machine_without_a_debian_mirror_has_none_to_make_the_base_from(tmp_path: Path) -> None:
    ubuntu = sources(tmp_path, "sources.list", "deb http://archive.ubuntu.com/ubuntu noble main universe\n")
    assert debian_mirrors(read_sources(ubuntu)) == []
