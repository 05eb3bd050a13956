"""Every finding that there is: its code, its reason and its remedy. docs/lint.md has the same table."""

from dataclasses import dataclass

__all__ = ["CODES", "Finding", "Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for."""

    level: str
    """error: it makes the command fail; warning: so too; note: it does not."""
    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule broken at one place."""

    code: str
    file: str
    line: int
    """From 1."""
    what: str

    @property
    def rule(self) -> Rule:
        """The rule that is broken."""
        return CODES[self.code]


CODES: dict[str, Rule] = {
    "C001": Rule(
        "error",
        "the file cannot be read as a Compose file",
        "nothing in it can be checked, and nothing can be started from it",
        "mend what is named; `docker compose config` says more",
    ),
    "C002": Rule(
        "note",
        "a service extends one of another file, or the file includes others or is laid over one",
        "what comes from there is not looked at",
        "lint the other file too",
    ),
    "C101": Rule(
        "warning",
        "a service has no restart policy",
        "a process that dies stays away until somebody notices",
        "`restart: unless-stopped`, unless it is a job that ends",
    ),
    "C102": Rule(
        "warning",
        "the restart policy is on-failure",
        "a process that ends with exit code 0, as many do on SIGTERM, is not started again",
        "`restart: unless-stopped`, or make sure that every end that is not wanted has another exit code",
    ),
    "C103": Rule(
        "warning",
        "the restart policy gives up after some tries",
        "a service that is down for longer than the tries last stays down for good",
        "leave the number of tries away: the engine waits longer from try to try by itself",
    ),
    "C104": Rule(
        "warning",
        "the stop signal is SIGKILL",
        "a stop ends like a crash, but the engine takes it for an operator's wish: the restart policy does not act",
        "leave `stop_signal` away; to try the policy let the process crash, for what docker kill ends stays down",
    ),
    "C105": Rule(
        "warning",
        "the command outlives the process that does the work, or hides how it ended",
        "the container runs on, or ends with 0, when the service is dead: no restart policy acts",
        "let the service be the container's own process: `exec` it, without loop, `tail -f`, or `true` at its end",
    ),
    "C106": Rule(
        "note",
        "a service has no init process",
        "process 1 is shielded from a kill inside its container: a crash takes a helper beside the host's own",
        "`init: true`",
    ),
    "C110": Rule(
        "warning",
        "a service has no health check",
        "a process that hangs counts as running, and nothing can wait until it is ready",
        "`healthcheck:` with a test that asks the service itself, unless the image has one",
    ),
    "C111": Rule("warning", "the health check is switched off", "as for C110", "leave `disable` and `NONE` away"),
    "C112": Rule(
        "error",
        "the health check always says yes",
        "it cannot fail, so `healthy` means nothing",
        "ask the service, and let the answer decide the exit code",
    ),
    "C113": Rule(
        "warning",
        "the health check is slower than a claim of an experiment",
        "when the service should be back, the engine has not looked yet whether it is",
        "a shorter interval, or a claim that gives it the time",
    ),
    "C120": Rule(
        "warning",
        "a port is published on all interfaces",
        "everybody who reaches this machine reaches the service, past many a firewall: the engine writes its own rules",
        "publish on 127.0.0.1: `127.0.0.1:8080:80`",
    ),
    "C121": Rule(
        "warning",
        "a service shares the host's network",
        "every port of it is open on every interface, and no partition can be made between it and others",
        "a network of the project, and published ports",
    ),
    "C130": Rule(
        "error",
        "the engine's socket is mounted",
        "whoever takes over that service is root on this machine",
        "a proxy that allows only what is needed, or another way to know",
    ),
    "C140": Rule(
        "warning",
        "an update can take every copy before one has shown that it stays",
        "a swarm goes on to the next copy as soon as the new one was started: "
        "what fails a moment later is down everywhere",
        "`deploy.update_config` with a `delay` longer than a bad start takes to fail, one copy at a time, and a "
        "`failure_action` of rollback or pause",
    ),
    "E001": Rule(
        "error",
        "the file is no experiment",
        "nothing in it can be checked or run",
        "one mapping with a title and a method; experiments/kill-product.yaml shows how",
    ),
    "E002": Rule("error", "Chaos Toolkit refuses it", "it cannot be run", "mend what is named"),
    "E101": Rule(
        "error",
        "the control probes.control is not declared at the top level",
        "the run leaves no evidence and no verdict, and Chaos Toolkit exits 0 whatever happens",
        "declare it once, in the experiment's `controls`, without a scope",
    ),
    "E102": Rule(
        "error",
        "a control cannot be imported",
        "Chaos Toolkit warns, goes on without it, and exits 0",
        "mend the name of the module, or install what it needs",
    ),
    "E103": Rule(
        "error",
        "there is no steady-state hypothesis, or it is not looked at again after the fault",
        "nobody knows that all was well before, and nobody asks whether it is again",
        "a `steady-state-hypothesis`, and no strategy that leaves one of its times out",
    ),
    "E104": Rule(
        "error",
        "the method has no fault of ours",
        "nothing is broken, or nothing proves that it was: the verdict is INCONCLUSIVE",
        "an action of ours, such as `crash` of probes.actions",
    ),
    "E105": Rule(
        "error",
        "a tolerance cannot fail",
        "whatever is observed is within it: it claims nothing",
        "a limit that a broken system exceeds",
    ),
    "E106": Rule(
        "note",
        "a probe of the method has no tolerance",
        "what it observes is recorded, and claims nothing",
        "a `tolerance`, if it was meant as a claim",
    ),
    "E107": Rule(
        "warning",
        "Chaos Toolkit silently ignores a setting of `runtime`",
        "the run goes on as if it were not there",
        "give it on the command line (`--hypothesis-frequency`, `--fail-fast`), or mend its name",
    ),
    "E108": Rule(
        "error",
        "a fault has no undo among the rollbacks",
        "if the system does not heal by itself, it stays broken until the run ends",
        "a rollback of ours for that service, such as `ensure_running`",
    ),
    "E109": Rule(
        "error",
        "rollbacks do not run after a failure",
        "Chaos Toolkit skips them exactly when they are needed",
        "`runtime: {rollbacks: {strategy: always}}`",
    ),
    "E110": Rule(
        "warning",
        "an action of the method is not ours",
        "nothing proves what it did, so the verdict is INCONCLUSIVE",
        "a fault of ours",
    ),
    "E111": Rule(
        "error",
        "an activity names a service that the Compose file does not have",
        "the run is refused",
        "one of the file's services",
    ),
    "E112": Rule(
        "error",
        "the method claims nothing",
        "no probe in it has a tolerance, so nothing that the fault does can make the verdict FAIL but the hypothesis",
        "a figure of probes.figures with a tolerance",
    ),
    "E113": Rule(
        "warning",
        "a tolerance is a text that reads as a number, true or false",
        "Chaos Toolkit compares it as the text: a probe that gives the number or the truth value never meets it; "
        "`chaos init` writes what was typed as text",
        "the value without quotation marks",
    ),
}
