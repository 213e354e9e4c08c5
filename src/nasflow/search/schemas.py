"""The JSON Schemas of all documents."""

from typing import Any

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.search import cluster, record, rounds
from nasflow.search.budget import BudgetRecord
from nasflow.search.config import SearchConfig
from nasflow.search.contenders import Comparison
from nasflow.search.file import SearchFile
from nasflow.search.forecast import Forecast
from nasflow.search.resolved import ResolvedConfig
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataSetRecord
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree

DOCUMENTS: dict[str, type[Document]] = {
    kind.__name__: kind
    for kind in (
        Tree,
        NetworkSpec,
        ChildSpec,
        SearchFile,
        SearchConfig,
        ResolvedConfig,
        BudgetRecord,
        rounds.Proposal,
        rounds.ControllerUpdate,
        rounds.ShortlistRecord,
        rounds.SearchStop,
        rounds.FinishRecord,
        record.BirthRecord,
        record.Checkpoint,
        record.TrainingRecord,
        record.RungRecord,
        record.TrainedRecord,
        record.FailedRecord,
        record.Attempt,
        cluster.Submission,
        cluster.Run,
        cluster.Trouble,
        Comparison,
        DataSetRecord,
        Forecast,
    )
}


def schemas(name: str | None = None) -> dict[str, Any]:
    """The schema of the document `name`, or all by name; raise InvalidSpec for an unknown one."""
    if name is None:
        return {each: kind.model_json_schema() for each, kind in DOCUMENTS.items()}
    if name not in DOCUMENTS:
        raise InvalidSpec(f"no document is called {name!r}: known are {', '.join(DOCUMENTS)}")
    return DOCUMENTS[name].model_json_schema()
