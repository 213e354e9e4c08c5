"""Kubeflow's API through kfp's client: standalone, or multi-user with tokens and TLS.

The environment says where it is and who asks: the variables KFP_... of `base.settings`.
"""

import contextlib
import io
import json
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nasflow.base.credentials import masked
from nasflow.base.errors import KubeflowUnavailable
from nasflow.base.settings import KFP_AUTH, KFP_AUTHORITY, KFP_HOST, KFP_TOKEN, SERVICE_ACCOUNT
from nasflow.kubeflow.protocol import Arguments, RunState, RunView
from nasflow.kubeflow.token import service_account_token

_SECONDS = 10
"""Patience with the first request."""

_INTERNAL = 500
"""The status with which a termination fails whose workflow is not there."""

_SAME_NAME = 20
"""Runs of one name that are looked at."""


def connect(namespace: str, account: str | None = None) -> "KfpClient":
    """The API that the environment names, seen from `namespace`; it has answered once.

    `account` is whose token is asked for where KFP_AUTH says so. Raise KubeflowUnavailable.
    """
    host = (KFP_HOST.get() or "").rstrip("/")
    if not host:
        raise KubeflowUnavailable(
            f"{KFP_HOST} is not set: give the address of Kubeflow Pipelines' API, as in "
            "http://localhost:8888 (kubectl --namespace kubeflow port-forward service/ml-pipeline 8888)"
        )
    token = _token(namespace, account)
    with _explained(host):
        # Asked first: kfp's client would ask five times, with a traceback each.
        health = _health(host, token)
        client = _client(host, namespace, token)
    return KfpClient(
        host,
        client,
        namespace if health.get("multi_user") else None,
        str(health.get("tag_name") or "unknown"),
    )


def _token(namespace: str, account: str | None) -> str | None:
    token = KFP_TOKEN.get()
    if token or KFP_AUTH.get() != SERVICE_ACCOUNT:
        return token
    return service_account_token(namespace, account)


def _health(host: str, token: str | None) -> dict[str, Any]:
    import requests

    reply = requests.get(
        f"{host}/apis/v2beta1/healthz",
        headers={"Authorization": f"Bearer {token}"} if token else {},
        verify=KFP_AUTHORITY.get() or True,
        timeout=_SECONDS,
    )
    reply.raise_for_status()
    found = reply.json()
    return found if isinstance(found, dict) else {}


def _client(host: str, namespace: str, token: str | None) -> Any:
    with _quiet():
        # First: inside a component, `import kfp.client` alone runs into a circular import (kfp 2.17).
        import kfp.dsl.component_factory  # noqa: F401
        from kfp.client import Client

        return Client(host=host, namespace=namespace, existing_token=token, ssl_ca_cert=KFP_AUTHORITY.get())


class KfpClient:
    """`protocol.Kubeflow` over HTTP."""

    def __init__(self, host: str, client: Any, namespace: str | None, version: str) -> None:
        self._host, self._client, self._namespace = host, client, namespace
        self.version = version
        """As the API says it; some installs leave it out."""

    @property
    def address(self) -> str:
        """See `protocol.Kubeflow`."""
        return masked(self._host)

    def submit(
        self,
        name: str,
        pipeline: bytes,
        arguments: Arguments,
        experiment: str,
        account: str | None,
    ) -> RunView:
        """See `protocol.Kubeflow`."""
        with _explained(self._host), _quiet(), tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "pipeline.yaml"
            file.write_bytes(pipeline)
            result = self._client.create_run_from_pipeline_package(
                str(file),
                arguments=dict(arguments),
                run_name=name,
                experiment_name=experiment,
                namespace=self._namespace,
                enable_caching=False,
                service_account=account,
            )
        return RunView(str(result.run_id), name, RunState.UNKNOWN)

    def find(self, name: str) -> RunView | None:
        """See `protocol.Kubeflow`."""
        wanted = {"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": name}]}
        with _explained(self._host):
            reply = self._client.list_runs(
                page_size=_SAME_NAME,
                sort_by="created_at desc",
                namespace=self._namespace,
                filter=json.dumps(wanted),
            )
        # Kubeflow's times are whole seconds: whoever asks is to get the same one of those that are as new.
        newest = [run for run in reply.runs or [] if run.created_at == reply.runs[0].created_at]
        return _view(min(newest, key=lambda run: str(run.run_id))) if newest else None

    def run(self, id: str) -> RunView | None:
        """See `protocol.Kubeflow`."""
        from kfp_server_api import ApiException

        with _explained(self._host):
            try:
                return _view(self._client.get_run(id))
            except ApiException as error:
                if error.status == 404:
                    return None
                raise

    def terminate(self, id: str) -> None:
        """See `protocol.Kubeflow`."""
        from kfp_server_api import ApiException

        found = self.run(id)
        # One that is being stopped cannot be asked again: the answer is that there is no such row.
        if found is None or found.state.is_over or found.state is RunState.CANCELING:
            return
        with _explained(self._host):
            try:
                self._client.terminate_run(id)
            except ApiException as error:
                if error.status != _INTERNAL or "not found" not in _message(error):
                    raise
                # Its workflow was deleted beneath it: from now on it would be stopping for ever.
                self._client.delete_run(id)

    def forget(self, id: str) -> None:
        """See `protocol.Kubeflow`."""
        with _explained(self._host):
            self._client.delete_run(id)


def _view(run: Any) -> RunView:
    state = run.state if run.state in RunState.__members__ else RunState.UNKNOWN
    return RunView(str(run.run_id), str(run.display_name), RunState(state))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without kfp's warnings about its own versions, and the links that it prints."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _explained(host: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes one line with the address and the remedy.

    `from None`: what the HTTP libraries raise can hold headers, and with them the token.
    """
    import requests
    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (ApiException, HTTPError, requests.RequestException, OSError) as error:
        raise KubeflowUnavailable(f"Kubeflow Pipelines at {masked(host)}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    reply = getattr(error, "response", None)
    status = getattr(error, "status", None) or getattr(reply, "status_code", None)
    if status in {401, 403}:
        return (
            f"refused ({status}): set {KFP_TOKEN}, or {KFP_AUTH}={SERVICE_ACCOUNT}, "
            "and check the account's rights in this namespace"
        )
    if status:
        return f"answered {status}: {_said(error)}"
    return (
        f"cannot be used ({type(error).__name__}): check {KFP_HOST}, and whether a port-forward "
        "is still running"
    )


def _said(error: Exception) -> str:
    """The server's own message, on one line, cut."""
    return " ".join(_message(error).split())[:300]


def _message(error: Exception) -> str:
    """The server's own message, whole: its cause stands at its end."""
    try:
        reply = json.loads(getattr(error, "body", "") or "")
        # Some versions of the server call it `error`, and 2.17 `message`.
        return str(reply.get("message") or reply["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return str(getattr(error, "reason", ""))
