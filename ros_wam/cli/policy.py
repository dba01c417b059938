"""`ros-wam policy`: which policy servers there are profiles for, and whether one answers as its profile says."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from rich.console import Console
from rich.text import Text

from ros_wam import share
from ros_wam.cli import doctor
from ros_wam.cli.policy_tables import examination_json, latency_table, profiles_json, profiles_table
from ros_wam.clock import StationClock
from ros_wam.doctor.check import GO, verdict
from ros_wam.doctor.policy_examination import PolicyExamination, examine_policy, first_that_fits
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ConfigError, RosWamError
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.policy.server_url import check_url
from ros_wam.policy.shipped import fitting_robots, shipped_profiles, shipped_robots
from ros_wam.policy.transports.transport import SCHEMES

EXAMPLE = "example: ros-wam policy check ws://127.0.0.1:8000 --robot ur5"
USAGE = 2
TOLD_WHAT_TO_LOAD = ("lerobot_grpc",)
"""Transports of servers that load what a client names: no profile is tried on them unasked."""


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("policy", help="list or check policy servers", description=__doc__, epilog=EXAMPLE)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    text = "the profiles there are, and the robots they fit"
    listing = verbs.add_parser("list", help=text, description=text, epilog="example: ros-wam policy list --json")
    listing.set_defaults(run=list_profiles)
    text = (
        "handshake, synthetic observations, answers decoded and timed, and a verdict; nothing moves. Exits with 0 for "
        "GO, 1 for NO-GO, 2 where there is nothing to check"
    )
    check = verbs.add_parser("check", help=text.partition(";")[0], description=text, epilog=EXAMPLE)
    check.add_argument("server", metavar="URL|NAME|FILE", help="an address, a name in config/policies/, or a file")
    check.add_argument(
        "--policy", metavar="NAME|FILE", help="the profile of a server at a URL (else the first that works)"
    )
    check.add_argument("--robot", metavar="NAME|FILE", help="for which robot (else the first that works)")
    check.set_defaults(run=check_server)
    for verb in (listing, check):
        verb.add_argument("--json", action="store_true", help="print one JSON object")


def list_profiles(args: argparse.Namespace) -> int:
    """Print one row per profile."""
    robots = shipped_robots()
    found = [(profile, [robot.name for robot in fitting_robots(profile, robots)]) for profile in shipped_profiles()]
    if args.json:
        print(json.dumps(profiles_json(found), indent=1))
    else:
        Console().print(profiles_table(found))
    return 0


def check_server(args: argparse.Namespace) -> int:
    """Examine the server; 0 for GO."""
    progress = Console(stderr=args.json)
    try:
        robots = shipped_robots() if args.robot is None else [load_embodiment(share.find("robots", args.robot))]
        found = candidates(args.server, args.policy)
        pairs = [(profile, list(fitting_robots(profile, robots))) for profile in found]
        if args.robot is not None and len(found) == 1:
            pairs = [(found[0], robots)]  # if they do not fit, let that be said
        with progress.status("asking"):

            def show(text: str) -> None:
                progress.print(text, markup=False, highlight=False, soft_wrap=True)

            best = first_that_fits(examinations(pairs, show))
    except RosWamError as error:
        print(f"ros-wam: {error}", file=sys.stderr)
        return USAGE
    if best is None:
        told = f"no profile for {args.server} fits {' or '.join(robot.name for robot in robots)}"
        options = "--robot" if len(found) == 1 else "--policy and --robot"
        print(f"ros-wam: {told}; with {options} it is told why", file=sys.stderr)
        return USAGE
    if args.json:
        print(json.dumps(examination_json(best), indent=1))
    else:
        _print(progress, best)
    return 0 if verdict(best.checks) == GO else 1


def examinations(
    pairs: Sequence[tuple[Profile, Sequence[Embodiment]]], show: Callable[[str], None]
) -> Iterator[PolicyExamination]:
    """Examine each profile for one robot after the other, until one is greeted: another would be answered alike.

    What is not reached is not asked again. A profile that waits for what a lab has to fill in is shown and left out;
    raises ConfigError where it is the only one.
    """
    silent: set[str] = set()
    for profile, robots in pairs:
        for robot in robots if profile.url not in silent else ():
            try:
                examination = examine_policy(profile, robot, StationClock())
            except ConfigError as error:
                if len(pairs) == 1:
                    raise
                show(f"not tried: {error}")
                break
            yield examination
            if not examination.reached:
                silent.add(profile.url)
            if examination.greeted or not examination.reached:
                break


def candidates(server: str, named: str | None) -> list[Profile]:
    """Return the profiles to try: that of the name, or those that reach a URL, what declares itself and its port first.

    Raises ConfigError for what is no name and no URL that a profile reaches.
    """
    if "://" not in server:
        if named is not None:
            raise ConfigError(f"--policy {named} is for a URL, and {server} is a profile itself")
        return [load_profile(share.find("config/policies", server))]
    if named is not None:
        return [_at(server, load_profile(share.find("config/policies", named)))]
    check_url(server, [scheme for schemes in SCHEMES.values() for scheme in schemes], "URL")
    address = urlsplit(server)
    transports = {name for name, schemes in SCHEMES.items() if address.scheme in schemes}
    if transports & set(TOLD_WHAT_TO_LOAD):
        raise ConfigError(f"{server} loads what it is told to: name the profile by --policy")
    found = [profile for profile in shipped_profiles() if profile.transport in transports]
    found.sort(key=lambda profile: (-len(profile.must_declare), urlsplit(profile.url).port != address.port))
    return [_at(server, profile) for profile in found]


def _at(server: str, profile: Profile) -> Profile:
    """Return `profile` with the URL of `server`, and with its own path where that has none."""
    address = urlsplit(server)
    path = address.path if address.path not in ("", "/") else urlsplit(profile.url).path
    return replace(profile, url=urlunsplit(address._replace(path=path)))


def _print(console: Console, found: PolicyExamination) -> None:
    profile = found.profile
    console.print(f"{profile.url} as {profile.name} for {found.robot.name}", markup=False, highlight=False)
    console.print(doctor.table(found.checks))
    if found.timing_ms:
        console.print(latency_table(found.timing_ms))
    said = verdict(found.checks)
    console.print(Text(said, style="bold green" if said == GO else "bold red"))
