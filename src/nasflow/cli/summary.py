"""What is said of a search at the end, and by `nasflow show`: its summary for people."""

import math
from collections.abc import Mapping
from typing import Any

from nasflow.report.figures import plural


def print_summary(facts: Mapping[str, Any]) -> None:
    """The figures for people, on standard output."""
    best, objective = facts["best"], facts["objective"]
    noun = facts["noun"]
    print(f"search     {facts['search']}: {facts['status']}, {_children(facts)}")
    if facts["headroom"]:
        print(f"warning    {facts['headroom']}")
    if facts["limits"]:
        limits = ", ".join(f"{name} at most {limit:.6g}" for name, limit in facts["limits"].items())
        print(f"limits     {limits}")
    if facts["full_size_breach"]:
        print(f"over       at full size {facts['full_size_breach']}")
    if best:
        from nasflow.search.words import figure_text

        reached = figure_text(objective["measure"], objective["best"])
        if objective["measure"] != "held_out_accuracy":
            reached += f" ({figure_text('held_out_accuracy', best['accuracy'])})"
        print(f"{noun:<10} {best['cell']}")
        number = best["role"].removeprefix("child ")
        # A transfer has none.
        who = f"{number} ({best['child']})" if facts["children"] else best["child"]
        print(f"child      {who}: {reached}{_against(facts)}")
        _print_epochs(facts)
        _print_shortlist(facts)
    if facts["test_accuracy"] is not None:
        print(f"test       {_percent(facts['test_accuracy'])} at full size")
        _print_controls(facts, noun)
    if facts["lift"] and facts["lift"]["interval"]:
        _print_lift(objective, facts["lift"])
    if stop := facts["ledger"]["stop"]:
        print(f"stopped    {stop['reason']}: {stop['detail']}{_further(facts, stop)}")
    for line in (facts.get("foretold") or {}).get("said", ()):
        print(f"took       {line}")
    print(f"report     {facts['report'] or _to_be_written(facts)}")


def _to_be_written(facts: Mapping[str, Any]) -> str:
    from nasflow.store import command_on

    return f"{command_on(facts['store'], 'report', facts['search'])} writes it"


def _further(facts: Mapping[str, Any], stop: Mapping[str, Any]) -> str:
    """What goes on with a search whose budget is spent; nothing of any other, or one without children."""
    name = stop["detail"].partition(":")[0]
    limit = facts["ledger"]["config"]["budget"].get(name)
    if stop["reason"] != "budget" or not limit:
        return ""
    from nasflow.store import command_on

    # More than was spent: a budget may have been made less than that.
    spent = float(stop["detail"].split()[1])
    larger = f" --{name.replace('_', '-')} {2 * max(limit, math.ceil(spent)):g}"
    return f"; {command_on(facts['store'], 'resume', facts['search'], larger)} goes on"


def _print_epochs(facts: Mapping[str, Any]) -> None:
    """Of the best child: its own, and what they rest on."""
    line = next((each for each in facts["family"] if each["child"] == facts["best"]["child"]), None)
    if line and line["parent"]:
        own, above = line["own_epochs"], line["ancestors_epochs"]
        print(f"epochs     {own} of its own, {above} of its ancestors (generation {line['generation']})")


def _print_shortlist(facts: Mapping[str, Any]) -> None:
    """How the network was chosen, where children were tried at full size first."""
    if listed := facts["ledger"].get("shortlist"):
        trained = sum(each["record"] is not None for each in listed)
        how = "by the held-out loss there" if trained == len(listed) else f"{trained} of them so far"
        best = plural(len(listed), "child", "children")
        print(f"chosen     of the best {best}, trained at full size: {how}")


def _print_controls(facts: Mapping[str, Any], noun: str) -> None:
    """What else was trained at full size, and by how much the found network is better."""
    from nasflow.report.controls import control_title
    from nasflow.search.controls import Control

    for each in facts["controls"]:
        apart = f"{100 * each['difference']:+.2f} points"
        if each["interval"]:
            low, high = (100 * end for end in each["interval"])
            apart += f", 95 % {low:+.2f} to {high:+.2f}"
        accuracy = _percent(each["test_accuracy"])
        print(f"  against  {control_title(each['control'], noun)}: {accuracy} (found minus this: {apart})")
    missing = (facts["ledger"]["stop"] or {}).get("missing", {})
    for control in Control:
        if control in missing:
            print(f"  without  {control_title(control, noun)}: {missing[control]}")
    if facts["controls_said"]:
        print(f"so         {facts['controls_said']}")
    _print_instead(facts)


def _print_instead(facts: Mapping[str, Any]) -> None:
    """How the best control is to be had that is shown to be better than the found network."""
    better = [each for each in facts["controls"] if each["interval"] and max(each["interval"]) < 0]
    if better:
        from nasflow.store import store_option

        control = min(better, key=lambda each: each["difference"])["control"]
        command = f"nasflow export {facts['search']}{store_option(facts['store'])} --control {control}"
        print(f"instead    {command} --output FOLDER")


def _print_lift(objective: Mapping[str, Any], lift: Mapping[str, Any]) -> None:
    """By how much better the controller's children are: above 0, whether much or little is wanted."""
    from nasflow.search.measures import find_measure

    unit = find_measure(objective["measure"]).unit
    factor, digits, name = {"share": (100, 2, "points"), "seconds": (1000, 3, "ms")}.get(unit, (1, 4, unit))
    factor *= 1 if objective["is_maximised"] else -1
    better, *ends = (factor * each for each in (lift["difference"], *lift["interval"]))
    low, high = sorted(ends)
    print(
        f"lift       {better:+.{digits}f} {name} over the random arm, above 0 is better "
        f"(95 %: {low:+.{digits}f} to {high:+.{digits}f}; {lift['controller_children']} children against "
        f"{lift['random_children']})"
    )


def _children(facts: Mapping[str, Any]) -> str:
    failed = f", {facts['failed']} of them failed" if facts["failed"] else ""
    return f"{plural(facts['children'], 'child', 'children')}{failed}"


def _against(facts: Mapping[str, Any]) -> str:
    """Nothing where there are no children: in a transfer the start network itself is what there is."""
    start, measure = facts["objective"]["start"], facts["objective"]["measure"]
    if not facts["children"] or start is None:
        return ""
    from nasflow.search.measures import find_measure
    from nasflow.search.words import with_unit

    return f", start network {with_unit(start, find_measure(measure).unit)}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
