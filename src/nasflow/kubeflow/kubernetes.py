"""Kubernetes' own client, from inside a pod or by the user's kubeconfig."""

from typing import Any

from nasflow.base.errors import KubeflowUnavailable


def load_kubernetes() -> Any:
    """The `kubernetes.client` module, set up; raise KubeflowUnavailable if no cluster is configured."""
    from kubernetes import client, config

    try:
        config.load_incluster_config()
    except config.ConfigException:
        try:
            config.load_kube_config()
        except Exception as error:  # also what a file that is no YAML brings up
            raise KubeflowUnavailable(
                f"no Kubernetes is configured ({' '.join(str(error).split())[:200]}): set KUBECONFIG"
            ) from None
    return client
