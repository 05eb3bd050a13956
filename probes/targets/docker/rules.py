"""The shell that disturbs a network namespace: rules under a fault's own name, taken away by the same name.

Each fault has a chain of its own in the filter table, so that what is ours is found by name, also where the helper
that made it was killed. Queueing disciplines have a handle made of it instead.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from probes.targets.abilities import Disturbance

__all__ = ["ASK_KERNEL", "FIND_OURS", "arm", "carry", "count", "staying", "take_away"]

CHAIN = "stehauf-"
_DNS = "127.0.0.11"
"""The engine's own name server, as containers see it."""

ASK_KERNEL = """
try() { name=$1; shift; "$@" >/dev/null 2>&1 && echo "$name"; }
try drop iptables -w -A INPUT -s 192.0.2.1 -j DROP
try statistic iptables -w -A INPUT -m statistic --mode random --probability 0.5 -j ACCEPT
try nfqueue iptables -w -A INPUT -j NFQUEUE --queue-num 64 --queue-bypass
try redirect iptables -w -t nat -A PREROUTING -p tcp --dport 1 -j REDIRECT --to 2
try reject iptables -w -A INPUT -p tcp --dport 1 -j REJECT --reject-with tcp-reset
try netem tc qdisc add dev lo root netem delay 1ms
tc qdisc del dev lo root >/dev/null 2>&1
try tbf tc qdisc add dev lo root tbf rate 100kbit burst 16kb latency 100ms
true
"""
"""What of it the kernel has, one word a line; for a helper without a network."""

FIND_OURS = f"""
for table in filter nat; do iptables -w -t $table -S | sed -n 's/^-N {CHAIN}//p'; done | sort -u
tc qdisc show | sed -n 's/.* 5\\([0-9a-f]\\{{3\\}}\\): dev [^ ]* root.*/\\1/p'
true
"""
"""Prints what is ours in a namespace: the fault's id, or its first three digits, one a line."""

_LEAST_BURST = 3000
"""Bytes that may go at once: two packets."""
_BURST_S = 0.05
"""Or what goes within this time: the kernel hands packets over only so often."""

_LISTENING = "until grep -q listening /tmp/said; do kill -0 $waiting || { cat /tmp/said; exit 1; }; sleep 0.05; done"
"""Only then are rules put in place: until there is somebody to take them, packets would pass."""
_INTERFACES = "for device in $(ls /sys/class/net | grep -v '^lo$'); do"


def arm(how: Disturbance, fault: str, addresses: Sequence[str], means: str) -> str:
    """The commands that put it in place; `addresses` are those of its peers."""
    chain, hook = CHAIN + fault, "-j " + CHAIN + fault
    if how.kind == "bandwidth":
        shape = (
            f"tbf rate {how.kbit_s:g}kbit burst {round(max(_LEAST_BURST, how.kbit_s * 125 * _BURST_S))} latency 400ms"
        )
        return f"{_INTERFACES} tc qdisc add dev $device root handle {_handle(fault)} {shape} || exit 1; done"
    if how.kind == "latency" and means == "netem":
        shape = f"netem delay {how.delay_ms:g}ms {how.jitter_ms:g}ms"
        return f"{_INTERFACES} tc qdisc add dev $device root handle {_handle(fault)} {shape} || exit 1; done"
    lines = [f"iptables -w -N {chain}"]
    if how.kind == "partition" and how.peers:
        lines += [f"iptables -w -A {chain} {way} {each} -j DROP" for each in addresses for way in ("-s", "-d")]
        lines += [f"iptables -w -I {way} {hook}" for way in ("INPUT", "OUTPUT")]
    elif how.kind == "partition":
        lines += [f"iptables -w -A {chain} -j DROP"]
        lines += [f"iptables -w -I INPUT ! -i lo {hook}", f"iptables -w -I OUTPUT ! -o lo {hook}"]
        lines += [f"iptables -w -I FORWARD {hook}"]  # a container may be a machine, with others behind it
    elif how.kind == "no_names":
        lines += [f"iptables -w -A {chain} -j DROP", f"iptables -w -I OUTPUT -d {_DNS} {hook}"]
    elif how.kind == "loss":
        share = f"-m statistic --mode random --probability {how.percent / 100:.6f}"
        lines += [f"iptables -w -A {chain} {share} -j DROP", f"iptables -w -I OUTPUT ! -o lo {hook}"]
    elif how.kind == "answers":
        port, to = how.port, proxy_port(fault)
        froms = [f"-s {each}" for each in addresses] or [""]
        lines += [f"iptables -w -t nat -N {chain}"]
        lines += [f"iptables -w -t nat -A {chain} {one} -p tcp --dport {port} -j REDIRECT --to {to}" for one in froms]
        # A connection from before knows no redirection: it is reset, and the next one goes through the proxy.
        lines += [
            f"iptables -w -A {chain} {one} -p tcp --dport {port} -j REJECT --reject-with tcp-reset" for one in froms
        ]
        lines += [f"iptables -w -t nat -I PREROUTING {hook}", f"iptables -w -I INPUT ! -i lo {hook}"]
    else:
        queue = queue_of(fault)
        lines += [f"iptables -w -A {chain} -j NFQUEUE --queue-num {queue} --queue-bypass"]
        lines += [f"iptables -w -I OUTPUT ! -o lo {hook}"]
    return " && ".join(lines)


def _handle(fault: str) -> str:
    """Of a fault's queueing discipline, below the numbers that the kernel gives by itself (8001 and up)."""
    return f"5{fault[:3]}:"


def queue_of(fault: str) -> int:
    """A queue's number for a fault: two of one instance do not meet."""
    return int(fault[:4], 16)


def proxy_port(fault: str) -> int:
    """The port of a fault's proxy, in the service's own network, below those given to outgoing connections."""
    return 20_000 + int(fault[:3], 16)


def staying(how: Disturbance, fault: str, armed: str, means: str, for_seconds: float) -> list[str]:
    """The helper's command: in place, said so, kept for a time, and taken away, also on SIGTERM."""
    wait, ready = f"sleep {for_seconds:.3f}", "true"
    if how.kind == "latency" and means == "nfqueue":
        source = Path(__file__).with_name("delaying.py").read_text(encoding="utf-8")
        arguments = f"{queue_of(fault)} {how.delay_ms:g} {how.jitter_ms:g} {for_seconds:.3f}"
        wait, ready = f"python3 -c {shlex.quote(source)} {arguments} >/tmp/said 2>&1", _LISTENING
    if how.kind == "answers":
        source = Path(__file__).with_name("spoiling.py").read_text(encoding="utf-8")
        arguments = f"{proxy_port(fault)} {how.port} {how.delay_ms:g} {how.status} {how.resets} {how.percent:g}"
        wait, ready = f"python3 -c {shlex.quote(source)} {arguments} {for_seconds:.3f} >/tmp/said 2>&1", _LISTENING
    script = (
        f"away() {{ {take_away(fault)} }}\n"
        # The rules go first: what is held, and what came meanwhile, is then let go to the last packet.
        "trap 'away; kill $waiting 2>/dev/null; wait $waiting; exit 0' TERM INT\n"
        f"{wait} & waiting=$!\n"
        f"{ready}\n"
        f"{{ {armed}; }} || {{ away; exit 1; }}\n"
        "echo armed\n"
        "wait $waiting\naway\n"
    )
    return ["sh", "-c", script]


def take_away(fault: str) -> str:
    """The commands that take it away, every part of it that is there."""
    chain = CHAIN + fault
    return (
        "for where in 'filter INPUT' 'filter OUTPUT' 'filter FORWARD' 'nat PREROUTING'; do set -- $where; "
        f"while rule=$(iptables -w -t $1 -S $2 | grep -m1 -- '-j {chain}$'); do "
        "iptables -w -t $1 -D ${rule#-A } || break; done; "
        f"iptables -w -t $1 -F {chain} 2>/dev/null; iptables -w -t $1 -X {chain} 2>/dev/null; done; "
        f"{_INTERFACES} tc qdisc show dev $device | grep -q ' {_handle(fault)} root' && tc qdisc del dev $device root; "
        "done; true;"
    )


def count(fault: str) -> str:
    """Commands that print a line `rules` for anything that is in place, and `packets N` for what was hit."""
    chain = CHAIN + fault
    total = 'NR > 2 {n += $1} END {if (NR) print "packets", n + 0}'
    return (
        f"{{ iptables -w -S; iptables -w -t nat -S; }} | grep -q -- '{chain}' && echo rules; "
        f"iptables -w -t nat -L {chain} -v -x -n 2>/dev/null | awk '{total}'; "
        f"iptables -w -L {chain} -v -x -n 2>/dev/null | awk '{total}'; "
        f'tc -s qdisc show | awk \'/ {_handle(fault)} dev [^ ]+ root/ {{on = 1; print "rules"}} '
        'on && /Sent/ {print "packets", $4; on = 0}\'; true'
    )


def carry(fault: str) -> str:
    """Commands that look for a second, and print bytes sent, packets held back, segments sent again, nanoseconds."""
    return f"""
sent() {{ awk 'NR > 2 {{sub(":", " "); if ($1 != "lo") n += $10}} END {{printf "%d", n}}' /proc/net/dev; }}
held() {{
  tc -s qdisc show | awk '/ {_handle(fault)} dev [^ ]+ root/ {{on = 1}} END {{printf "%d", n}}
    on && /overlimits/ {{for (i = 1; i < NF; i++) if ($i == "overlimits") n += $(i + 1); on = 0}}'
}}
again() {{
  awk '/^Tcp:/ {{if (!at) {{for (i = 2; i <= NF; i++) if ($i == "RetransSegs") at = i}} else print $at}}' /proc/net/snmp
}}
from=$(date +%s%N) bytes=$(sent) waited=$(held)
sleep 1
echo $(($(sent) - bytes)) $(($(held) - waited)) $(again) $(($(date +%s%N) - from))
"""
