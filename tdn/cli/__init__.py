"""`python -m tdn VERB ...`: a file a verb; every error ends as one line and exit code 2."""

import sys
from io import TextIOWrapper

import typer

from tdn.cli.assets import assets_app
from tdn.cli.benchmark import benchmark
from tdn.cli.card import card
from tdn.cli.classify import classify
from tdn.cli.convert import convert
from tdn.cli.data import data_app
from tdn.cli.doctor import doctor
from tdn.cli.ensemble import ensemble
from tdn.cli.evaluate import evaluate
from tdn.cli.explain import explain
from tdn.cli.export_web import export_web
from tdn.cli.figures import figures
from tdn.cli.focus import focus
from tdn.cli.imagenet import imagenet
from tdn.cli.models import models
from tdn.cli.networks import networks
from tdn.cli.options import fail
from tdn.cli.strobe import strobe
from tdn.cli.synth import synth
from tdn.cli.train import train

# In the order of `--help`: look at a video, at a network, at many videos; train; the rest.
VERBS = (
    *(classify, explain, strobe, figures),
    *(networks, models, card, convert, imagenet),
    *(evaluate, ensemble, focus, synth, train),
    *(benchmark, export_web, doctor),
)
GROUPS = {"data": data_app, "assets": assets_app}

# Typer 0.26 and later bring their own copy of click; the base of its public error is the usage error of either.
UsageError = typer.BadParameter.__base__

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 120},
    help="TDN Lens: classify videos with Temporal Difference Networks, see where they look, and train them.",
)

for verb in VERBS:
    app.command()(verb)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main() -> None:
    """Run the command line. Expected errors become one `error: ...` line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):  # a file's name need not be text that can be printed here
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except UsageError as error:
        fail(error.format_message())
    except OSError as error:
        fail(f"{error.filename}: {error.strerror.lower()}" if error.filename and error.strerror else str(error))
    except ValueError as error:
        fail(str(error))
    except (typer.Abort, KeyboardInterrupt):
        fail("interrupted")
    else:
        sys.exit(code or 0)
