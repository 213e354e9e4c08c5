import pytest

from nasflow.backends.doctor import told_of_retries

BOTH = """
templateDefaults:
  retryStrategy: {limit: "0", retryPolicy: Always}
"""
STOCK = """
workflowDefaults:
  spec:
    templateDefaults:
      retryStrategy:
        limit: 2
        retryPolicy: OnError
"""


def test_what_is_tried_again() -> None:
    """By the policy that Argo is told, wherever it stands: all ends of a pod, or some."""
    for texts in ([BOTH], ["a: 1", STOCK.replace("2", '"0"').replace("OnError", "Always")]):
        assert told_of_retries(texts, "here") == "here: whatever ends a pod, it is tried again"


@pytest.mark.parametrize(
    ("texts", "state", "said"),
    [
        ([], "warn", "a pod that was deleted"),
        (["executor: {}"], "warn", "a pod that was deleted"),
        ([BOTH.replace("Always", "OnFailure")], "warn", "a pod that was deleted"),
        ([STOCK], "warn", "killed for memory"),
        # A whole configuration as one string, as in older versions of Argo.
        (["config: |\n" + STOCK.replace("\n", "\n  ")], "warn", "killed for memory"),
        ([BOTH.replace('limit: "0", ', "")], "bad", "tries whole rounds again for ever"),
        ([STOCK.replace("OnError", "Always")], "bad", "tries whole rounds again for ever"),
    ],
)
def test_what_is_not(texts: list[str], state: str, said: str) -> None:
    """Each with the setting that would, and when not to change it."""
    found = told_of_retries(texts, "here")
    assert found[0] == state
    assert said in found[1]
    assert '`retryStrategy: {limit: "0", retryPolicy: Always}`' in found[1]
