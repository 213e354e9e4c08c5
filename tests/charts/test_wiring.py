from typing import Any

import pytest

from .rendering import NAMES, Manifest, containers, environment, named, of_kind, pods, render, values

STEP_VARIABLES = {
    "NASFLOW_STORE",
    "MLFLOW_TRACKING_URI",
    "AWS_ENDPOINT_URL_S3",
    "AWS_DEFAULT_REGION",
    "NASFLOW_STORE_PATIENCE",
    "NASFLOW_CHECKPOINT_SECONDS",
    "NASFLOW_ALLOW_CODE",
    "NASFLOW_KFP_HOST",
    "NASFLOW_KFP_AUTH",
    "NASFLOW_MLFLOW_UI",
}


def config(name: str) -> Manifest:
    """What the steps' pods read."""
    return dict(named(render(values(name)), "ConfigMap", "nasflow")["data"])


def pod_of(name: str, component: str) -> Manifest:
    """The pod of a component."""
    (pod,) = [pod for found, pod in pods(render(values(name))) if found == component]
    return pod


@pytest.mark.parametrize("name", NAMES)
def test_labels(name: str) -> None:
    """Every object and pod has the recommended labels; the user's labels displace none of them."""
    manifests = render(values(name))
    labelled = [each["metadata"] for each in manifests] + [pod["metadata"] for _, pod in pods(manifests)]
    for metadata in labelled:
        labels = metadata["labels"]
        assert labels["app.kubernetes.io/name"] == "nasflow"
        assert labels["app.kubernetes.io/instance"] == "nasflow"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["app.kubernetes.io/part-of"] == "nasflow"
        assert {"app.kubernetes.io/version", "app.kubernetes.io/component"} <= set(labels)
        assert "wrong" not in labels.values()
        assert ("team" in labels) == name.endswith("full")


@pytest.mark.parametrize("name", NAMES)
def test_services_select_pods(name: str) -> None:
    """Every Service, Deployment and StatefulSet selects the pod of its own component, by labels that stay."""
    manifests = render(values(name))
    labels = {component: pod["metadata"]["labels"] for component, pod in pods(manifests)}
    for manifest in manifests:
        if manifest["kind"] in {"Service", "Deployment", "StatefulSet"}:
            selector = manifest["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            chosen = [component for component, each in labels.items() if wanted.items() <= each.items()]
            assert chosen == [manifest["metadata"]["labels"]["app.kubernetes.io/component"]]
            assert "app.kubernetes.io/version" not in wanted


@pytest.mark.parametrize("name", NAMES)
def test_what_is_referred_to_is_there(name: str) -> None:
    """ConfigMaps, Secrets, claims and accounts that a pod names are the chart's own, or named by a value."""
    manifests = render(values(name))
    made = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    theirs = {
        ("Secret", "theirs"),
        ("Secret", "database"),
        ("PersistentVolumeClaim", "theirs"),
        ("ServiceAccount", "theirs"),
    }
    for _, pod in pods(manifests):
        assert set(references(pod["spec"])) <= made | theirs


def references(spec: Manifest) -> list[tuple[str, str]]:
    """Kind and name of what a pod cannot start without."""
    kinds = {"secretKeyRef": "Secret", "configMapRef": "ConfigMap"}
    found = []
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        sources = [each.get("valueFrom", {}) for each in container["env"]] + container.get("envFrom", [])
        found += [(kinds[kind], each["name"]) for source in sources for kind, each in source.items()]
    for volume in spec["volumes"]:
        if "persistentVolumeClaim" in volume:
            found.append(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
    if "serviceAccountName" in spec:
        found.append(("ServiceAccount", spec["serviceAccountName"]))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_steps_find_every_variable(name: str) -> None:
    """The ConfigMap always has every key, because a pod that asks for a missing one never starts."""
    assert set(config(name)) == STEP_VARIABLES


def test_addresses_of_the_charts_own_servers() -> None:
    """With SeaweedFS the store and its address need not be given."""
    assert config("made-keys sqlite plain") == {
        "NASFLOW_STORE": "s3://nasflow/search",
        "MLFLOW_TRACKING_URI": "http://nasflow-mlflow:5000",
        "AWS_ENDPOINT_URL_S3": "http://nasflow-seaweedfs:8333",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NASFLOW_STORE_PATIENCE": "300",
        "NASFLOW_CHECKPOINT_SECONDS": "300",
        "NASFLOW_ALLOW_CODE": "",
        "NASFLOW_MLFLOW_UI": "",
        "NASFLOW_KFP_HOST": "http://ml-pipeline.kubeflow:8888",
        "NASFLOW_KFP_AUTH": "",
    }


def test_addresses_of_the_users_servers() -> None:
    """A store and an MLflow of the user's are named as given, and nothing of the chart's own is made."""
    name = "secret mlflow-of-theirs full"
    given = config(name)
    assert given["NASFLOW_STORE"] == "s3://bucket"
    assert given["AWS_ENDPOINT_URL_S3"] == "http://s3:9000"
    assert given["MLFLOW_TRACKING_URI"] == "https://mlflow.example.com"
    assert given["NASFLOW_KFP_AUTH"] == "service-account"
    kinds = {each["kind"] for each in render(values(name))}
    assert not kinds & {"Deployment", "StatefulSet", "Service", "PersistentVolumeClaim", "Secret"}


def test_aws_has_no_endpoint() -> None:
    """Without an endpoint the variable is empty, which botocore takes as AWS's own."""
    assert config("keys sqlite plain")["AWS_ENDPOINT_URL_S3"] == ""


@pytest.mark.parametrize("component", ["mlflow", "seaweedfs", "test"])
def test_keys_come_from_the_users_secret(component: str) -> None:
    """With a Secret of the user's every pod reads its keys there, by name."""
    given = values("secret sqlite plain") | {"seaweedfs": {"enabled": True}}
    (pod,) = [pod for found, pod in pods(render(given)) if found == component]
    variables = environment(pod["spec"]["containers"][0])
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert variables[key] == {"secretKeyRef": {"name": "theirs", "key": key}}


def test_workload_identity() -> None:
    """Where the cloud knows the pods by their accounts there are no keys, and the accounts are annotated."""
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/searches"}
    account = {"serviceAccount": {"annotations": role}}
    store = {"url": "s3://bucket", "workloadIdentity": True}
    manifests = render({"store": store, "runner": account, "mlflow": account})
    assert not of_kind(manifests, "Secret")
    for _, pod in pods(manifests):
        assert "AWS_ACCESS_KEY_ID" not in environment(pod["spec"]["containers"][0])
    for each in of_kind(manifests, "ServiceAccount"):
        assert each["metadata"]["annotations"] == role


def test_sqlite_has_one_writer() -> None:
    """With SQLite the old server ends before the new one starts, and the volume survives an uninstall."""
    manifests = render(values("keys sqlite plain"))
    assert of_kind(manifests, "Deployment")[0]["spec"]["strategy"] == {"type": "Recreate"}
    claim = named(manifests, "PersistentVolumeClaim", "nasflow-mlflow")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    server = pod_of("keys sqlite plain", "mlflow")["spec"]["containers"][0]
    assert environment(server)["MLFLOW_BACKEND_STORE_URI"] == "sqlite:////data/mlflow.db"


def test_volume_of_the_users() -> None:
    """A claim that is there already is used, and none is made."""
    assert not of_kind(render(values("keys claim plain")), "PersistentVolumeClaim")


@pytest.mark.parametrize("name", ["postgresql-uri", "postgresql-parts"])
def test_postgresql(name: str) -> None:
    """With PostgreSQL there is no volume, and the password is in the user's Secret, never an argument."""
    manifests = render(values(f"keys {name} plain"))
    assert not of_kind(manifests, "PersistentVolumeClaim")
    assert of_kind(manifests, "Deployment")[0]["spec"]["strategy"] == {"type": "RollingUpdate"}
    for container in containers(pod_of(f"keys {name} plain", "mlflow")):
        assert "postgresql" not in " ".join([*container["command"], *container["args"]])
        assert environment(container).items() >= database(name).items()
        assert [mount["name"] for mount in container["volumeMounts"]] == ["tmp"]


def database(name: str) -> dict[str, Any]:
    """The variables about the database."""
    if name == "postgresql-uri":
        uri = {"secretKeyRef": {"name": "database", "key": "uri"}}
        return {"MLFLOW_BACKEND_STORE_URI": uri}
    password = {"secretKeyRef": {"name": "database", "key": "password"}}
    address = "postgresql+psycopg2://a%40b@db.example.com:5432/mlflow"
    return {"MLFLOW_BACKEND_STORE_URI": address, "PGPASSWORD": password}


def arguments(name: str) -> dict[str, str]:
    """MLflow's options."""
    (container,) = pod_of(name, "mlflow")["spec"]["containers"]
    pairs = [each.partition("=") for each in container["args"]]
    return {option: value for option, _, value in pairs}


def test_artifacts_go_through_the_server() -> None:
    """MLflow keeps artifacts in the store's bucket, under its prefix, and hands them out itself."""
    options = arguments("keys sqlite plain")
    assert options["--artifacts-destination"] == "s3://bucket/prefix/mlflow"
    assert "--serve-artifacts" in options


def test_hosts_that_mlflow_answers_to() -> None:
    """The Service's names, a port-forward's and the Ingress's; no pattern that a stranger's domain fits."""
    hosts = arguments("keys sqlite open")["--allowed-hosts"].split(",")
    assert {"nasflow-mlflow:*", "nasflow-mlflow.profile:*", "localhost:*", "mlflow.example.com"} <= set(hosts)
    assert not any("*" in host.removesuffix(":*") for host in hosts)
    assert arguments("keys sqlite open")["--cors-allowed-origins"] == "https://mlflow.example.com"
    assert "--cors-allowed-origins" not in arguments("keys sqlite plain")


def test_ingress() -> None:
    """The Ingress leads to MLflow's Service, with the certificate that was given."""
    manifests = render(values("keys sqlite open"))
    (ingress,) = of_kind(manifests, "Ingress")
    assert ingress["spec"]["tls"] == [{"hosts": ["mlflow.example.com"], "secretName": "certificate"}]
    (rule,) = ingress["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    service = named(manifests, "Service", backend["name"])
    assert backend["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"publicUrl": "https://here.example.com/mlflow"}, "https://here.example.com/mlflow"),
        ({"ingress": {"enabled": True, "host": "ml.example.com"}}, "http://ml.example.com"),
        ({"ingress": {"enabled": True, "host": "a.b", "tlsSecret": "certificate"}}, "https://a.b"),
        ({}, ""),
    ],
)
def test_mlflow_for_browsers(given: Manifest, shown: str) -> None:
    """Kubeflow's page links to where browsers reach MLflow: as told, or through the Ingress."""
    manifests = render({**values("keys sqlite plain"), "mlflow": given})
    assert named(manifests, "ConfigMap", "nasflow")["data"]["NASFLOW_MLFLOW_UI"] == shown


def test_queue() -> None:
    """A LocalQueue is made where one is asked for, and only there."""
    (queue,) = of_kind(render(values("keys sqlite full")), "LocalQueue")
    assert queue["metadata"]["name"] == "searches"
    assert queue["spec"] == {"clusterQueue": "gpus"}
    assert not of_kind(render(values("keys sqlite plain")), "LocalQueue")


def test_pods_go_where_they_are_told() -> None:
    """Pull secrets, node selector, tolerations, affinity, labels and annotations reach every pod."""
    manifests = render(values("seaweedfs sqlite full"))
    for _, pod in pods(manifests):
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
        assert pod["spec"]["nodeSelector"] == {"disk": "ssd"}
        assert pod["spec"]["tolerations"] == [{"key": "spot", "operator": "Exists"}]
        assert pod["spec"]["affinity"] == {"nodeAffinity": {}}
        assert pod["metadata"]["labels"]["team"] == "pods"
        assert pod["metadata"]["annotations"]["note"] == "theirs"
    account = named(manifests, "ServiceAccount", "nasflow-runner")
    assert account["imagePullSecrets"] == [{"name": "registry"}]


def test_pods_start_again_with_new_keys() -> None:
    """When the store's keys change, the servers that read them at their start are started again."""
    first = values("seaweedfs sqlite plain")
    second = first | {"store": {"accessKey": "another", "secretKey": "another"}}
    before, after = dict(pods(render(first))), dict(pods(render(second)))
    for name in ("mlflow", "seaweedfs"):
        assert before[name]["metadata"]["annotations"] != after[name]["metadata"]["annotations"]


def test_two_releases() -> None:
    """Two releases in one namespace have no object in common."""
    first, second = (render(values("seaweedfs sqlite plain"), name) for name in ("nasflow", "other"))
    names = [{(each["kind"], each["metadata"]["name"]) for each in release} for release in (first, second)]
    assert not names[0] & names[1]


def test_doctor_is_what_helm_tests() -> None:
    """`helm test` runs `nasflow doctor` as a step would: the steps' account, ConfigMap and keys."""
    test = named(render(values("keys sqlite plain")), "Pod", "nasflow-test")
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert test["spec"]["serviceAccountName"] == "nasflow-runner"
    (container,) = test["spec"]["containers"]
    assert container["command"] == ["nasflow", "doctor"]
    assert container["envFrom"] == [{"configMapRef": {"name": "nasflow"}}]
