from itertools import product
from pathlib import Path

import pytest
from tests.kubeflow.server import serving

from nasflow.kubeflow.client import connect
from nasflow.pipelines.placement import labels
from nasflow.search.cluster import Cluster

from .rendering import NAMES, NAMESPACE, Manifest, named, of_kind, pods, render, values

KUBEFLOW = {"pipelines.kubeflow.org/v2_component": "true"}
"""The label that Kubeflow Pipelines gives to every pod of a run (2.17: its compiler to Argo)."""

STEP = KUBEFLOW | labels("digits", Cluster(image="nasflow"))
"""The labels of a step's pod that uses the release `nasflow`."""

OTHERS_STEP = KUBEFLOW | labels("digits", Cluster(image="nasflow", config_map="other"))
"""Those of one that uses another release."""


@pytest.mark.parametrize("name", NAMES)
def test_nothing_for_the_whole_cluster(name: str) -> None:
    """The chart makes no rights beyond its namespace, and no object outside of it."""
    for manifest in render(values(name)):
        assert not manifest["kind"].startswith("Cluster")
        assert manifest["metadata"]["namespace"] == NAMESPACE


def rights(manifests: list[Manifest]) -> set[tuple[str, str, str, str]]:
    """Every single right of the Role: group, resource, name (* where any name will do), verb."""
    (role,) = of_kind(manifests, "Role")
    return {
        right
        for rule in role["rules"]
        for right in product(
            rule["apiGroups"], rule["resources"], rule.get("resourceNames", ["*"]), rule["verbs"]
        )
    }


RUN = {
    ("argoproj.io", "workflowtaskresults", "*", "create"),
    ("argoproj.io", "workflowtaskresults", "*", "patch"),
    ("", "configmaps", "kfp-launcher", "get"),
    ("", "pods", "*", "get"),
    ("", "secrets", "mlpipeline-minio-artifact", "get"),
}


API = {
    ("experiments", "create"),
    ("experiments", "list"),
    ("runs", "create"),
    ("runs", "get"),
    ("runs", "list"),
    ("runs", "terminate"),
}
"""What Kubeflow's multi-user API lets the account do; resource and verb."""


def test_the_steps_rights() -> None:
    """The steps' account may do what Argo's executor and Kubeflow's launcher do with it, and nothing else."""
    assert rights(render(values("keys sqlite plain"))) == RUN


def test_the_steps_rights_among_many_users() -> None:
    """On a multi-user install it may also ask for tokens of itself, and start and end runs there."""
    token = ("", "serviceaccounts/token", "nasflow-runner", "create")
    theirs = {("pipelines.kubeflow.org", resource, "*", verb) for resource, verb in API}
    assert rights(render(values("keys sqlite full"))) == RUN | theirs | {token}


def test_what_a_run_asks_of_kubeflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these rights is one that a step asks Kubeflow's API for, and it asks for no other."""
    pipeline = (Path(__file__).parents[1] / "pipelines/golden/fused-finish.yaml").read_bytes()
    for name in ("NASFLOW_KFP_TOKEN", "NASFLOW_KFP_AUTH"):
        monkeypatch.delenv(name, raising=False)
    with serving() as server:
        monkeypatch.setenv("NASFLOW_KFP_HOST", f"http://127.0.0.1:{server.server_port}")
        kubeflow = connect("profile", "nasflow-runner")
        server.add("going-on", "2026-11-29T10:00:00Z")
        kubeflow.find("r")
        kubeflow.submit("r", pipeline, {"search": "digits", "number": 1}, "digits", "nasflow-runner")
        # Not `forget`: only `nasflow stop` does, with its user's rights.
        kubeflow.terminate("going-on")
        asked = [right for method, path in server.asked if (right := asked_for(method, path))]
    assert set(asked) == API


def asked_for(method: str, path: str) -> tuple[str, str] | None:
    """The resource and the verb of which Kubeflow's API asks Kubernetes before it answers; None: of none."""
    resource, _, one = path.removeprefix("/apis/v2beta1/").partition("/")
    if resource == "healthz":
        return None
    _, _, action = one.partition(":")
    if method == "GET":
        return resource, "get" if one else "list"
    return resource, action or {"POST": "create", "DELETE": "delete"}[method]


def test_no_artifact_secret() -> None:
    """Without named Secrets the account may read none: a rule without names would give all of them."""
    given = values("keys sqlite plain") | {"kfp": {"artifactSecrets": []}}
    assert not any(resource == "secrets" for _, resource, _, _ in rights(render(given)))


@pytest.mark.parametrize(("name", "account"), [("plain", "nasflow-runner"), ("open", "theirs")])
def test_the_role_is_bound_to_the_steps_account(name: str, account: str) -> None:
    """The Role goes to the account of the steps' pods, the chart's or the user's own, and to nobody else."""
    manifests = render(values(f"keys sqlite {name}"))
    (binding,), (role,) = of_kind(manifests, "RoleBinding"), of_kind(manifests, "Role")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]


def selects(selector: Manifest, pod: Manifest) -> bool:
    """Whether a selector of labels takes a pod."""
    expressions = selector.get("matchExpressions", [])
    assert {each["operator"] for each in expressions} <= {"Exists"}
    has_keys = {each["key"] for each in expressions} <= pod.keys()
    return has_keys and selector.get("matchLabels", {}).items() <= pod.items()


def policies(name: str) -> tuple[list[Manifest], dict[str, Manifest]]:
    """The NetworkPolicies, and the labels of the pods."""
    manifests = render(values(name))
    found = {component: pod["metadata"]["labels"] for component, pod in pods(manifests)}
    return of_kind(manifests, "NetworkPolicy"), found


@pytest.mark.parametrize("extra", ["plain", "full"])
def test_policies_are_about_real_pods(extra: str) -> None:
    """Each policy takes exactly the pod it is named after, and its port is one that the pod has."""
    found, pod = policies(f"seaweedfs sqlite {extra}")
    assert {policy["metadata"]["name"] for policy in found} == {"nasflow-mlflow", "nasflow-seaweedfs"}
    for policy in found:
        taken = [name for name, each in pod.items() if selects(policy["spec"]["podSelector"], each)]
        assert taken == [policy["metadata"]["name"].removeprefix("nasflow-")]


def allowed(policy: Manifest, pod: Manifest, namespace: str | None = None) -> bool:
    """Whether a policy lets a pod in: one of the same namespace, or of another."""
    for peer in (peer for rule in policy["spec"]["ingress"] for peer in rule["from"]):
        other = peer.get("namespaceSelector")
        if other is not None:
            expressions = other.get("matchExpressions", [])
            named_here = namespace in (
                expressions[0]["values"] if expressions else other["matchLabels"].values()
            )
            if not named_here:
                continue
        elif namespace is not None or "podSelector" not in peer:
            continue
        if selects(peer.get("podSelector", {}), pod):
            return True
    return False


def test_who_is_let_in() -> None:
    """The release's steps and `helm test` reach both servers, MLflow the store, and any other pod neither:
    no other pipeline's, no other release's, none of another namespace."""
    found, pod = policies("seaweedfs sqlite plain")
    mlflow, store = sorted(found, key=lambda policy: str(policy["metadata"]["name"]))
    for policy in (mlflow, store):
        assert allowed(policy, STEP)
        assert allowed(policy, pod["test"])
        for stranger in ({"app": "somebody"}, KUBEFLOW, OTHERS_STEP):
            assert not allowed(policy, stranger)
        assert not allowed(policy, STEP, "kubeflow")
    assert allowed(store, pod["mlflow"])
    assert not allowed(mlflow, pod["seaweedfs"])
    assert store["spec"]["egress"] == []


def test_steps_of_another_namespace() -> None:
    """Namespaces given by value are let in with nasflow's pods only, whatever their release is called."""
    found, pod = policies("seaweedfs sqlite full")
    for policy in found:
        for ours in (STEP, OTHERS_STEP, pod["test"]):
            assert allowed(policy, ours, "kubeflow")
            assert not allowed(policy, ours, "another")
        for stranger in ({"app": "somebody"}, KUBEFLOW):
            assert not allowed(policy, stranger, "kubeflow")
        assert {"ipBlock": {"cidr": "10.0.0.0/8"}} in policy["spec"]["ingress"][0]["from"]


def test_the_ingress_controller_is_let_in() -> None:
    """With an Ingress the controller's namespace reaches MLflow, and still not the store."""
    given = values("seaweedfs sqlite open") | {"networkPolicy": {"ingressNamespace": "edge"}}
    found = render(given)
    controller = {"app": "controller"}
    assert allowed(named(found, "NetworkPolicy", "nasflow-mlflow"), controller, "edge")
    assert not allowed(named(found, "NetworkPolicy", "nasflow-seaweedfs"), controller, "edge")


def test_without_policies() -> None:
    """They can be left to somebody else."""
    assert policies("seaweedfs sqlite open")[0] == []
