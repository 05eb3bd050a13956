"""What `chaos scaffold` puts into its files: experiments, a Locust file, and what is left to fill in."""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from probes.projects.experiments import Draft, front_of, passed_over
from probes.projects.showing import Inspection

__all__ = ["experiment_text", "load_text", "readme_text"]

_HEAD = "# Written by `chaos scaffold` for the Compose project {project}, and yours from here on: see README.md.\n"
_CLAIMS = """
# What users may see meanwhile, only you know. Claims to add to the method, each with a limit of yours:
#   - name: failed requests of users
#     type: probe
#     tolerance: 0
#     provider: {type: python, module: probes.figures, func: failed_requests}
#   - name: share of users' requests that did not fail while SERVICE was broken
#     type: probe
#     tolerance: {type: range, range: [0.99, 1]}
#     provider: {type: python, module: probes.figures, func: availability_in_fault, arguments: {service: SERVICE}}
#   - name: p95 in milliseconds
#     type: probe
#     tolerance: {type: range, range: [0, 500]}
#     provider: {type: python, module: probes.figures, func: latency_p95_ms}
"""

_LOAD = '''"""Users of {project}, for Locust, from {description}. Written by `chaos scaffold`, and yours from here on.

Each task is a journey of a user. What else they do, and how often they do it, only you know; not here, because they
change something or need values that the description does not give:
{open_ends}
"""

from locust import between, task
from recording import RecordedUser, recording

recording.listen()


class User(RecordedUser):
    """One of them."""

    wait_time = between(0.1, 0.5)
{tasks}'''
_TASK = '''
    @task
    def {name}(self) -> None:
        """GET {path}."""
        self.client.get("{path}")
'''

_README = """# Experiments for the Compose project {project}

Written by `chaos scaffold`, and yours from here on. With the project up (`docker compose up -d --wait`):

```
chaos validate {first}
chaos lint {folder}
chaos run {first}
```

Each experiment names its project; `STEHAUF_PROJECT` names another copy of it. The verdict is PASS, FAIL or
INCONCLUSIVE, only PASS exits 0, and report and evidence are in `reports/runs/latest/`.

## What is here

| File | Breaks | How |
|---|---|---|
{table}
{load}
## What it claims, and what not

Each experiment claims what its restart policy, or the end of the fault, promises anybody: the service is up again and
users have a good answer again within the limit, and all that was well before is well after. It says nothing of what
users see in between. That is for you to fill in:

- [ ] **What may users see while a service is away?** The end of each file has the claims, commented out: failed
      requests, their share, p95. An experiment that claims more finds more.
- [ ] **Are the limits yours?** They are generous: a claim of 30 seconds that is met in one shows little.
- [ ] **Who are the users?** {users}
- [ ] **Is there a circuit breaker?** Where it lists its state and its calls, name them in the control's arguments
      `breakers` and `calls`.
- [ ] **Orders, payments, messages:** nothing here says whether any was lost.
{passed}"""

_NO_USERS = """No published port of the project answers HTTP well, so nothing looks at it with a user's eyes:
      publish one on 127.0.0.1, and run `chaos scaffold` again."""


class _Plain(yaml.SafeDumper):
    """Writes a value that is there twice twice: nobody wants to read an anchor."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def experiment_text(draft: Draft, project: str) -> str:
    """The file of one experiment."""
    body = yaml.dump(
        draft.content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )
    has_users = "canaries" in draft.content["controls"][0]["provider"]["arguments"]
    claims = _CLAIMS.replace("SERVICE", draft.service) if has_users else ""
    return _HEAD.format(project=project) + body + claims


def load_text(seen: Inspection) -> str | None:
    """A Locust file with the endpoints of the port that stands for the users; None where it describes none."""
    front = front_of(seen.doors, seen.project)
    if front is None or not front.endpoints:
        return None
    tasks = "".join(_TASK.format(name=name, path=_quoted(path)) for name, path in _named(front.endpoints))
    open_ends = "\n".join(f"- {_quoted(one)}" for one in front.open_ends) or "- nothing"
    return _LOAD.format(project=seen.project.name, description=front.description, open_ends=open_ends, tasks=tasks)


def readme_text(seen: Inspection, drafts: Sequence[Draft], folder: Path, *, has_load: bool) -> str:
    """What was written, and what is to be filled in."""
    front = front_of(seen.doors, seen.project)
    users = _NO_USERS
    if front:
        users = f"Here they are ten requests a second to {front.port.url}{front.path}: name what they really ask for."
    passed = [f"- {service}, `{fault}`: {why}" for service, fault, why in passed_over(seen.project, seen.abilities)]
    passed += [
        f"- {part.name}: the engine chooses its port anew at each start, so nothing asks it: publish it at a fixed one"
        for part in seen.project.parts
        if any(port.moves for port in part.published)
    ]
    first = folder / f"{drafts[0].name}.yaml" if drafts else folder
    return _README.format(
        project=seen.project.name,
        folder=folder,
        first=first,
        table="\n".join(_row(draft) for draft in drafts),
        load="\n`load.py` holds the users that Locust plays; they only read.\n" if has_load else "",
        users=users,
        passed="\n## What was passed over\n\n" + "\n".join(passed) + "\n" if passed else "",
    )


def _row(draft: Draft) -> str:
    return f"| `{draft.name}.yaml` | {draft.service}, `{draft.fault}` | {draft.content['description']} |"


def _named(endpoints: Sequence[str]) -> list[tuple[str, str]]:
    """A name of Python for each path, none of them twice."""
    found: dict[str, str] = {}
    for path in endpoints:
        name = "get_" + (re.sub(r"[^a-z0-9]+", "_", path.lower()).strip("_") or "front_page")
        while name in found:
            name += "_"
        found[name] = path
    return list(found.items())


def _quoted(path: str) -> str:
    """Safe inside a Python text: paths come from the system under test."""
    return re.sub(r"[^ -~]", "?", path).replace("\\", "%5C").replace('"', "%22")
