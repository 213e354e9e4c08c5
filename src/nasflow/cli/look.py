"""Commands that look: list, show, cell, table, report, export, ui, schema, reference."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from nasflow.base.settings import DEFAULT_STORE
from nasflow.cli.options import (
    JsonOption,
    SearchArgument,
    StoreOption,
    check_folder,
    open_existing,
    tracking_address,
    write,
    write_folder,
)

look_commands = typer.Typer()


@look_commands.command("list")
def _list(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List the searches in the store."""
    from nasflow.base.errors import NasflowError
    from nasflow.report.figures import plural
    from nasflow.search.words import figure_text
    from nasflow.steps.ledger import search_ids
    from nasflow.steps.summary import summary

    archive = open_existing(store)
    keys = ("search", "status", "children", "failed", "objective", "best", "test_accuracy")
    rows, unreadable = [], None
    for search in search_ids(archive):
        try:
            facts = summary(archive, search)
        except NasflowError as error:
            # The others are shown all the same.
            unreadable = unreadable or error
        else:
            rows.append({key: facts[key] for key in keys})
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif not rows and unreadable is None:
        typer.echo(f"no searches in {archive.store.url}", err=True)
    for row in [] if as_json else rows:
        judged = row["objective"]
        best = "-"
        if row["best"]:
            best = f"{figure_text(judged['measure'], judged['best'])}  {row['best']['cell']}"
        children = plural(row["children"], "child", "children")
        typer.echo(f"{row['search']:<24} {row['status']:<11} {children:>13}  {best}")
    if unreadable:
        raise unreadable


@look_commands.command("show")
def _show(search: SearchArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show a search: its figures, or with --json its whole ledger."""
    from nasflow.cli.summary import print_summary
    from nasflow.steps.summary import summary

    facts = summary(open_existing(store), search)
    typer.echo(json.dumps(facts, indent=2)) if as_json else print_summary(facts)


@look_commands.command("cell")
def _cell(
    text: Annotated[str, typer.Argument(help="A cell in its text form, TreeCell-A, TreeCell-B, or start.")],
    svg: Annotated[Path | None, typer.Option(help="Draw it into this file instead.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Describe or draw a cell."""
    from nasflow.report.description import describe_cell
    from nasflow.report.drawing import draw_cell
    from nasflow.spec.cells import find_cell

    tree = find_cell(text)
    if svg:
        write(svg, draw_cell(tree))
    elif as_json:
        typer.echo(tree.canonical_json())
    else:
        typer.echo(f"{tree}\n\n{describe_cell(tree)}")


@look_commands.command("table")
def _table(as_json: JsonOption = False) -> None:
    """Count the networks of the paper's tables, beside their published sizes."""
    from nasflow.studies.table import counted_networks, markdown

    rows = list(counted_networks())
    typer.echo(json.dumps([row._asdict() for row in rows], indent=2) if as_json else markdown(rows))


@look_commands.command("report")
def _report(
    search: SearchArgument,
    store: StoreOption = DEFAULT_STORE,
    output: Annotated[
        Path | None, typer.Option(help="Write the page here, and nothing to the store.")
    ] = None,
) -> None:
    """Write a search's report: one HTML page, to be opened from disk."""
    from nasflow.steps.keys import report_key
    from nasflow.steps.publish import make_report, write_report

    archive = open_existing(store)
    if output:
        write(output, make_report(archive, search))
    else:
        write_report(archive, search)
    typer.echo(output or f"{archive.store.url}/{report_key(search)}")


@look_commands.command("export")
def _export(
    search: SearchArgument,
    output: Annotated[Path, typer.Option(help="Folder that gets the files.")],
    store: StoreOption = DEFAULT_STORE,
    onnx: Annotated[
        bool | None, typer.Option("--onnx/--no-onnx", help="As ONNX too. Default: if its packages are there.")
    ] = None,
    source: Annotated[bool, typer.Option("--source/--no-source", help="As a Python file.")] = True,
    control: Annotated[
        str | None,
        typer.Option(
            help="Instead of it one of its controls (start, longer, parameters, ...): where that did as well."
        ),
    ] = None,
) -> None:
    """Write the found network as one Python file with its weights, which needs torch alone, and as ONNX."""
    # Before torch is imported, even: what cannot be written is said at once.
    check_folder(output)
    from nasflow.steps.export import export as files_of

    write_folder(output, files_of(open_existing(store), search, onnx, source, control))


@look_commands.command("ui")
def _ui(
    store: StoreOption = DEFAULT_STORE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 5000,
) -> None:
    """Open MLflow's pages on the searches of this store."""
    from nasflow.base.credentials import masked
    from nasflow.tracking import serve_pages

    address = tracking_address(store)
    if address.startswith(("http://", "https://")):
        typer.echo(f"MLflow runs already: open {masked(address)}")
        return
    open_existing(store)
    raise typer.Exit(serve_pages(address, host, port, partial(typer.echo, err=True)))


@look_commands.command("schema")
def _schema(
    document: Annotated[str | None, typer.Argument(help="One of them; all if left out.")] = None,
) -> None:
    """Print the JSON Schemas of nasflow's documents."""
    from nasflow.search.schemas import schemas

    typer.echo(json.dumps(schemas(document), indent=2))


@look_commands.command("reference")
def _reference(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder that gets the pages.", show_default=False)],
) -> None:
    """Write the reference in Markdown: configuration, commands, environment, exit codes."""
    from nasflow.cli.reference import pages

    files = {name: text.encode() for name, text in pages(context.find_root().command).items()}
    write_folder(folder, files)
