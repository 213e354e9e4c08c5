"""A token for Kubeflow's API in a multi-user install, asked of Kubernetes for a service account."""

from pathlib import Path
from typing import Any

from nasflow.base.errors import KubeflowUnavailable
from nasflow.base.settings import KFP_AUTH, SERVICE_ACCOUNT
from nasflow.kubeflow.kubernetes import load_kubernetes

AUDIENCE = "pipelines.kubeflow.org"
_SECONDS = 3600
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
"""Where a pod finds its own account's token, of another audience."""


def service_account_token(namespace: str, account: str | None) -> str:
    """A token of `account` (None: the pod's own) for Kubeflow's API, good for an hour.

    Raise KubeflowUnavailable if Kubernetes cannot be asked or does not allow it.
    """
    kubernetes = load_kubernetes()
    name = account or _own_account()
    request: Any = {"spec": {"audiences": [AUDIENCE], "expirationSeconds": _SECONDS}}
    try:
        reply = kubernetes.CoreV1Api().create_namespaced_service_account_token(name, namespace, request)
    except Exception as error:
        why = getattr(error, "reason", None) if isinstance(error, kubernetes.ApiException) else None
        raise KubeflowUnavailable(
            f"Kubernetes gives no token for service account {namespace}/{name} "
            f"({why or type(error).__name__}): check KUBECONFIG, and allow `create` on "
            "serviceaccounts/token, as the chart's Role does"
        ) from None
    return str(reply.status.token)


def _own_account() -> str:
    """The account of this pod, as its token says (`system:serviceaccount:namespace:name`)."""
    import base64
    import json

    if not _ACCOUNT.is_file():
        raise KubeflowUnavailable(
            f"{KFP_AUTH}={SERVICE_ACCOUNT} needs cluster.service_account in the configuration"
        )
    body = _ACCOUNT.read_text().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return str(claims["sub"].rpartition(":")[2])
