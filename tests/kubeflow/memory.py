"""Kubeflow as a table of runs: where no real one answers, the rules of succession are tried on this."""

from dataclasses import dataclass, field, replace

from nasflow.kubeflow import Arguments, RunState, RunView


@dataclass
class MemoryKubeflow:
    """`protocol.Kubeflow`; `end` plays the part of the pods."""

    address: str = "memory"
    runs: list[RunView] = field(default_factory=list)
    arguments: list[Arguments] = field(default_factory=list)
    pipelines: list[bytes] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Runs whose workflows somebody has deleted."""

    def submit(
        self,
        name: str,
        pipeline: bytes,
        arguments: Arguments,
        experiment: str,
        account: str | None,
    ) -> RunView:
        """See `protocol.Kubeflow`."""
        self.runs.append(RunView(f"id-{len(self.pipelines) + 1}", name, RunState.RUNNING))
        self.arguments.append(arguments)
        self.pipelines.append(pipeline)
        return self.runs[-1]

    def find(self, name: str) -> RunView | None:
        """See `protocol.Kubeflow`."""
        return next((run for run in reversed(self.runs) if run.name == name), None)

    def run(self, id: str) -> RunView | None:
        """See `protocol.Kubeflow`."""
        return next((run for run in self.runs if run.id == id), None)

    def terminate(self, id: str) -> None:
        """See `protocol.Kubeflow`; as with the real one, the run is not over yet."""
        found = self.run(id)
        if found is None or found.state.is_over or found.state is RunState.CANCELING:
            return
        if id in self.lost:
            self.forget(id)
        else:
            self.end(id, RunState.CANCELING)

    def forget(self, id: str) -> None:
        """See `protocol.Kubeflow`."""
        self.runs = [run for run in self.runs if run.id != id]

    def end(self, id: str, state: RunState = RunState.SUCCEEDED) -> None:
        """Bring a run to its end."""
        self.runs = [replace(run, state=state) if run.id == id else run for run in self.runs]
