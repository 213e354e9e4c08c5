"""Where each document of searches, children and data sets lives in a store.

searches/<search>/config.json                 ResolvedConfig, as it began
searches/<search>/budget.json                 BudgetRecord, replaced when a search is extended
searches/<search>/start.json                  ChildSpec of the start network
searches/<search>/rounds/<n>/proposal.json    Proposal
searches/<search>/rounds/<n>/update.json      ControllerUpdate
searches/<search>/finishes/<n>/shortlist.json ShortlistRecord after n rounds
searches/<search>/finishes/<n>/stop.json      SearchStop after n rounds
searches/<search>/finishes/<n>/finish.json    FinishRecord
searches/<search>/forecast.json               Forecast: what it was to take, told once, beside the ledger
searches/<search>/report.html                 the page, replaced whenever it is written again
searches/<search>/submission.json             Submission, replaced when it is submitted, stopped, resumed
searches/<search>/runs/<n>.json               Run of Kubeflow, replaced once it has its id
searches/<search>/troubles/<n>.json           Trouble: why a step of a pod ended with an error
comparisons/<name>.json                       Comparison, replaced when it is submitted again
children/<child>/spec.json                    ChildSpec
children/<child>/birth.json                   BirthRecord
children/<child>/checkpoint.json              Checkpoint, replaced after each epoch, gone at the end
children/<child>/rungs/<epoch>.json           RungRecord or FailedRecord: as it was after that epoch
children/<child>/training.json                TrainingRecord; none of a child that failed
children/<child>/record.json                  TrainedRecord or FailedRecord: done, in every search
children/<child>/attempts/<n>.json            Attempt, replaced as it goes on
datasets/<train>-<test>.json                  DataSetRecord: the files themselves, for pods without a volume
blobs/...                                     weights and controller states, by digest (`nasflow.store.blobs`)
"""

from collections.abc import Collection, Iterable

SEARCHES = "searches/"
"""Every key of every search begins so."""

CHILDREN = "children/"
"""Every key of every child begins so."""


def config_key(search: str) -> str:
    """Of a search's configuration: a search is there once this is."""
    return f"searches/{search}/config.json"


def budget_key(search: str) -> str:
    """Of its present budget, if that is not the configuration's any more."""
    return f"searches/{search}/budget.json"


def start_key(search: str) -> str:
    """Of the spec of its start network."""
    return f"searches/{search}/start.json"


def proposal_key(search: str, number: int) -> str:
    """Of what a round proposes; rounds count from 1."""
    return f"{rounds_prefix(search)}{number:04}/proposal.json"


def update_key(search: str, number: int) -> str:
    """Of what the controller has learned from a round."""
    return f"{rounds_prefix(search)}{number:04}/update.json"


def rounds_prefix(search: str) -> str:
    """All keys of a search's rounds begin so."""
    return f"searches/{search}/rounds/"


def stop_key(search: str, rounds: int) -> str:
    """Of why a search stopped after `rounds` rounds: an extended search stops and finishes again."""
    return f"{finishes_prefix(search)}{rounds:04}/stop.json"


def shortlist_key(search: str, rounds: int) -> str:
    """Of the best children after `rounds` rounds that are trained at full size before one is chosen."""
    return f"{finishes_prefix(search)}{rounds:04}/shortlist.json"


def finish_key(search: str, rounds: int) -> str:
    """Of the record of the finish after `rounds` rounds."""
    return f"{finishes_prefix(search)}{rounds:04}/finish.json"


def finishes_prefix(search: str) -> str:
    """All keys of a search's stops and finishes begin so."""
    return f"searches/{search}/finishes/"


def report_key(search: str) -> str:
    """Of a search's report."""
    return f"searches/{search}/report.html"


def forecast_key(search: str) -> str:
    """Of what a search was foretold to take."""
    return f"searches/{search}/forecast.json"


def submission_key(search: str) -> str:
    """Of how a search was handed to Kubeflow."""
    return f"searches/{search}/submission.json"


def run_key(search: str, number: int) -> str:
    """Of a Kubeflow run's record; runs count from 1."""
    return f"{runs_prefix(search)}{number:04}.json"


def runs_prefix(search: str) -> str:
    """All keys of a search's runs begin so."""
    return f"searches/{search}/runs/"


def trouble_key(search: str, number: int) -> str:
    """Of a step's error; they count from 1."""
    return f"{troubles_prefix(search)}{number:06}.json"


def troubles_prefix(search: str) -> str:
    """All keys of a search's troubles begin so."""
    return f"searches/{search}/troubles/"


def comparison_key(name: str) -> str:
    """Of the searches of a comparison."""
    return f"comparisons/{name}.json"


def spec_key(child: str) -> str:
    """Of what a child is."""
    return f"children/{child}/spec.json"


def birth_key(child: str) -> str:
    """Of a child's first weights and their receipt."""
    return f"children/{child}/birth.json"


def checkpoint_key(child: str) -> str:
    """Of a training that goes on."""
    return f"children/{child}/checkpoint.json"


def training_key(child: str) -> str:
    """Of a training that has ended."""
    return f"children/{child}/training.json"


def rung_key(child: str, epoch: int) -> str:
    """Of a child as it was after an epoch."""
    return f"children/{child}/rungs/{epoch:04}.json"


def record_key(child: str) -> str:
    """Of a child that is done."""
    return f"children/{child}/record.json"


def attempt_key(child: str, number: int) -> str:
    """Of an attempt at a child; they count from 1."""
    return f"{attempts_prefix(child)}{number:04}.json"


def attempts_prefix(child: str) -> str:
    """All keys of the attempts at a child begin so."""
    return f"children/{child}/attempts/"


def data_set_key(files: str) -> str:
    """Of a data set's record, by the name of its files."""
    return f"datasets/{files}.json"


def searches_among(keys: Iterable[str]) -> list[str]:
    """The searches whose configurations are among these keys, in their order."""
    return [key.split("/")[1] for key in keys if key.startswith(SEARCHES) and key.endswith("/config.json")]


def child_among(key: str, children: Collection[str]) -> bool:
    """Whether a key is of one of these children."""
    return key.startswith(CHILDREN) and key.split("/")[1] in children


def checkpoints_among(keys: Iterable[str]) -> list[str]:
    """The children whose checkpoints are among these keys, in their order."""
    return [
        key.split("/")[1] for key in keys if key.startswith(CHILDREN) and key.endswith("/checkpoint.json")
    ]


def attempts_among(keys: Iterable[str]) -> list[str]:
    """Those of these keys that are of an Attempt."""
    return [key for key in keys if key.startswith(CHILDREN) and "/attempts/" in key]


def stops_among(keys: Iterable[str]) -> list[str]:
    """Those of these keys that are of a SearchStop."""
    return [key for key in keys if key.startswith(SEARCHES) and key.endswith("/stop.json")]


def shortlists_among(keys: Iterable[str]) -> list[str]:
    """Those of these keys that are of a ShortlistRecord."""
    return [key for key in keys if key.startswith(SEARCHES) and key.endswith("/shortlist.json")]


def finishes_among(keys: Iterable[str]) -> list[str]:
    """Those of these keys that are of a FinishRecord."""
    return [key for key in keys if key.startswith(SEARCHES) and key.endswith("/finish.json")]
