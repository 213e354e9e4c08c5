"""Accounts like the one that the chart makes for steps, with one right less."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from kubernetes import client, config
from tests.charts.installation import Installation

Right = tuple[str, str]
"""Resource and verb."""


@contextmanager
def account(place: Installation, *, without: Right | None = None) -> Iterator[str]:
    """The name of an account with the rights of the chart's Role, but for one."""
    config.load_kube_config()
    role = json.loads(place.kubectl("get", "role", "nasflow-runner", "--output", "json"))
    rules = [_less(rule, without) for rule in role["rules"]]
    assert (rules == role["rules"]) == (without is None), f"the Role has no right {without}"
    named = {"metadata": {"name": f"nasflow-test-{uuid4().hex[:6]}"}}
    name, rights = named["metadata"]["name"], client.RbacAuthorizationV1Api()
    subject = {"kind": "ServiceAccount", "name": name, "namespace": place.namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    client.CoreV1Api().create_namespaced_service_account(place.namespace, named)
    try:
        rights.create_namespaced_role(place.namespace, named | {"rules": [r for r in rules if r["verbs"]]})
        binding: Any = named | {"subjects": [subject], "roleRef": reference}
        rights.create_namespaced_role_binding(place.namespace, binding)
        yield name
    finally:
        place.kubectl("delete", f"serviceaccount/{name}", f"role/{name}", f"rolebinding/{name}")


def _less(rule: dict[str, Any], right: Right | None) -> dict[str, Any]:
    if right is None or right[0] not in rule["resources"]:
        return rule
    return rule | {"verbs": [verb for verb in rule["verbs"] if verb != right[1]]}
