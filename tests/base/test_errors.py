import pytest

from nasflow.base.credentials import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:p@ss@host:5000/x", "http://***@host:5000/x"),
        ("postgresql://user:pass@host/db?password=abc&x=1", "postgresql://***@host/db?password=***&x=1"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("failed: https://token@host, and http://a:b@c", "failed: https://***@host, and http://***@c"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    """No credentials are left, and everything else is."""
    assert masked(text) == shown


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "NASFLOW_KFP_TOKEN", "MLFLOW_TRACKING_PASSWORD"])
def test_what_the_environment_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of the environment is not shown wherever it turns up; other variables are."""
    monkeypatch.setenv(name, "correct-horse")
    monkeypatch.setenv("NASFLOW_STORE", "s3://bucket/correct")
    assert masked("Bearer correct-horse was refused by s3://bucket/correct") == (
        "Bearer *** was refused by s3://bucket/correct"
    )
