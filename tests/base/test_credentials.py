import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nasflow.base.credentials import bare_address, masked

PASSWORDS = st.text("aZ0!#$%&()*+,-./:;=?@[\\]^_`{|}~", min_size=1)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's own environment holds is hidden as well."""
    monkeypatch.setattr("os.environ", {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:p@ss@host:5000/x", "http://***@host:5000/x"),
        ("http://user:pa/ss@host:5000/x", "http://***@host:5000/x"),
        ("http://user:pa?ss#word@host/x", "http://***@host/x"),
        ("postgresql://user:pass@host/db?password=abc&x=1", "postgresql://***@host/db?password=***&x=1"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("failed: https://token@host, and http://a:b@c", "failed: https://***@host, and http://***@c"),
        (
            "no weights in models:/found@best of s3://bucket/x@y",
            "no weights in models:/found@best of s3://bucket/x@y",
        ),
        (
            "https://b/k?X-Amz-Credential=AK%2F1&X-Amz-Expires=9&X-Amz-Signature=0f&X-Amz-Security-Token=t/t",
            "https://b/k?X-Amz-Credential=***&X-Amz-Expires=9&X-Amz-Signature=***&X-Amz-Security-Token=***",
        ),
        ("https://b/k?se=1&sig=a%2Fb%3D", "https://b/k?se=1&sig=***"),
        ("?access_token=a,b;c&id-token=d&api_key=e&n=1", "?access_token=***&id-token=***&api_key=***&n=1"),
        ("host=db password='a b' user=me", "host=db password='***' user=me"),
        ('{"password": "a, b", "user": "me"}', '{"password": "***", "user": "me"}'),
        ("Authorization: Bearer abc.def-ghi== was refused", "Authorization: Bearer *** was refused"),
        ("cluster.secret: Input should be a valid string", "cluster.secret: Input should be a valid string"),
        ("12 tokens: check AWS_SECRET_ACCESS_KEY, and", "12 tokens: check AWS_SECRET_ACCESS_KEY, and"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    """No credentials are left, and everything else is."""
    assert masked(text) == shown


@pytest.mark.parametrize(
    "name",
    ["AWS_SECRET_ACCESS_KEY", "NASFLOW_KFP_TOKEN", "MLFLOW_TRACKING_PASSWORD", "OTHER_API_KEY", "secret"],
)
def test_what_the_environment_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of the environment is not shown wherever it turns up; other variables are."""
    monkeypatch.setenv(name, "correct-horse")
    monkeypatch.setenv("NASFLOW_STORE", "s3://bucket/correct")
    assert masked("Bearer correct-horse was refused by s3://bucket/correct") == (
        "Bearer *** was refused by s3://bucket/correct"
    )


def test_addresses_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a library makes of an address, the password alone or decoded, is hidden too."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:battery%2Fstaple@host/x?sig=lock%2Fstock&page=2")
    assert (
        masked("me with battery/staple, battery%2Fstaple, lock/stock, page=2")
        == "me with ***, ***, ***, page=2"
    )


@pytest.mark.parametrize(("secret", "shown"), [("a", "a child, achild"), ("achil", "a child, achild")])
def test_a_short_secret(secret: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is part of many words by accident is hidden as a whole word alone, and a letter or two never."""
    monkeypatch.setenv("SOME_TOKEN", secret)
    assert masked("a child, achild") == shown


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PASSWORDS)
def test_any_password(password: str) -> None:
    """Whatever a password holds, nothing of an address is left before its host."""
    address = f"https://someone:{password}@host.example/base"
    assert masked(address) == "https://***@host.example/base"
    assert bare_address(address) == "https://host.example/base"


def test_bare_address() -> None:
    """Scheme, host and path are left."""
    assert bare_address("https://me:a/b@host:1/base/?token=x#y") == "https://host:1/base/"


def test_the_working_directory_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though shells call it PWD; a password that is called so with something before it is one."""
    monkeypatch.setattr(
        "os.environ", {"PWD": "/home/me", "OLDPWD": "/data/birds", "DB_PWD": "hunter2hunter2"}
    )
    text = "/home/me/search.yaml: there is no such file; /data/birds; hunter2hunter2"
    assert masked(text) == "/home/me/search.yaml: there is no such file; /data/birds; ***"
