"""MLflow as a view of the store's records, shown by idempotent calls; read only for a start's model.

A search that runs, one that resumes and `nasflow sync` all make the same call, `publish`.
"""

from nasflow.tracking.address import tracking_beside, tracking_uri
from nasflow.tracking.content import Story
from nasflow.tracking.links import links
from nasflow.tracking.models import RegisteredModel, read_model
from nasflow.tracking.plugin_runs import choose_server, claim_run
from nasflow.tracking.publish import publish
from nasflow.tracking.register import Registered, Winner, register
from nasflow.tracking.ui import serve_pages, ui_command, ui_environment

__all__ = [
    "Registered",
    "RegisteredModel",
    "Story",
    "Winner",
    "choose_server",
    "claim_run",
    "links",
    "publish",
    "read_model",
    "register",
    "serve_pages",
    "tracking_beside",
    "tracking_uri",
    "ui_command",
    "ui_environment",
]
