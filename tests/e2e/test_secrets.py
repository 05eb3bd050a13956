"""A secret that the experiment uses is in no file of the run, whoever echoes it."""

import base64

import pytest
from harness import Bench

from experiments import python, smallest

pytestmark = pytest.mark.embedded

SECRET = "hunter2-and-9-more"
TOKEN = "token-of-4711-characters"


def test_no_file_of_the_run_holds_a_secret(embedded: Bench) -> None:
    experiment = smallest()
    experiment["configuration"]["shop_token"] = {"type": "env", "key": "PLANTED_TOKEN"}
    experiment["secrets"] = {"shop": {"password": {"type": "env", "key": "PLANTED_SECRET"}}}
    echo = "import sys; sys.exit(sys.argv[1])"
    experiment["controls"][0]["provider"]["arguments"]["canaries"] += [
        {"name": "kept", "url": "${shop}/api/products?t=${shop_token}", "keep": True}
    ]
    experiment["method"] += [
        {
            "name": "asks with a header",
            "type": "probe",
            "secrets": ["shop"],
            "provider": {"type": "http", "url": "${shop}/", "headers": {"Authorization": "Bearer ${password}"}},
        },
        {
            "name": "fails and echoes",
            "type": "probe",
            "secrets": ["shop"],
            "provider": python("ipaddress", "ip_address", address="${password} and ${shop_token}"),
        },
        {
            "name": "answers with it",
            "type": "probe",
            "secrets": ["shop"],
            "provider": {"type": "process", "path": "python3", "arguments": ["-c", echo, "${password} ${shop_token}"]},
        },
    ]
    run = embedded.run(experiment, PLANTED_SECRET=SECRET, PLANTED_TOKEN=TOKEN)
    assert run.directory, run.output
    forms = [form for one in (SECRET, TOKEN) for form in (one.encode(), base64.b64encode(one.encode()))]
    files = [path for path in run.directory.rglob("*") if path.is_file()]
    assert {"journal.json", "experiment.json", "run.json", "report.html", "verdict.json"} <= {one.name for one in files}
    for path in [*files, embedded.folder / "journal.json"]:
        assert not [form for form in forms if form in path.read_bytes()], path
    journal = (run.directory / "journal.json").read_text()
    assert "*** and ***" in journal
    assert "does not appear to be an IPv4" in journal
    assert "PLANTED_SECRET" in (run.directory / "experiment.json").read_text()
