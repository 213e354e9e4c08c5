"""`python -m tests.steps.command ...` is `nasflow ...`: for `quick_python`, which knows modules only."""

from nasflow.cli import main

if __name__ == "__main__":
    main()
