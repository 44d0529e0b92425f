"""`figures`: the paper's pictures of maps, for any list of videos."""

from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Device

KINDS = ("4", "5", "6")


def figures(
    videos: Annotated[list[Path], typer.Argument(help="Videos or folders of frames, one block of rows each.")],
    out: Annotated[Path, typer.Option(help="Folder for figure-KIND.png (300 dpi) and figure-KIND.pdf.")],
    kind: Annotated[
        str,
        typer.Option(
            help="4: a centre frame of each video, baseline against TDN. 5: Res2, baseline against S-TDM only. "
            "6: all segments in three rows (Figures 6 and 7)."
        ),
    ] = "4",
    layer: Annotated[str | None, typer.Option(help="Another layer than the paper's: res2 for 5, else final.")] = None,
    target: Annotated[str | None, typer.Option(help="Class of all videos; each one's top class if left out.")] = None,
    scale: Annotated[str, typer.Option(help="clip, shared (by the models) or frame (contrast only).")] = "clip",
    colours: Annotated[str, typer.Option(help="inferno, viridis, magma, or 'jet (paper look)'.")] = "inferno",
    device: Device = None,
) -> None:
    """The paper's figures 4, 5 and 6/7 with the shipped networks: Grad-CAM of a baseline beside TDN or S-TDM only."""
    from tdn.data.clip import load_clip
    from tdn.device import choose_device
    from tdn.explain import Question
    from tdn.explain.classes import find_label
    from tdn.explain.explanation import explain
    from tdn.explain.scale import SCALES
    from tdn.letters import save_figure
    from tdn.networks import open_network
    from tdn.output import expect_writable
    from tdn.show.overlay import colour_table
    from tdn.show.paper_figures import Block, all_segments, one_frame_each
    from tdn.weights.shipped import S_TDM_FILE, checkpoint_folder, shipped_pair

    if kind not in KINDS:
        raise ValueError(f"--kind {kind}: expected {', '.join(KINDS)}")
    if scale not in SCALES:
        raise ValueError(f"--scale {scale}: expected one of {', '.join(SCALES)}")
    colour_table(colours)
    expect_writable(out)
    tdn, baseline = shipped_pair()
    second = checkpoint_folder() / S_TDM_FILE if kind == "5" else tdn
    where = choose_device(device)
    networks = [open_network(path, where) for path in (baseline, second)]
    question = Question(layers=(layer or ("res2" if kind == "5" else "final"),), scale=scale)
    blocks = []
    for video in videos:
        clip = load_clip(video, networks[1])
        wanted = None if target is None else find_label(networks[1].labels, target)
        ours = explain(networks[1], clip, wanted, question)
        same = find_label(networks[0].labels, ours.label)
        theirs = explain(networks[0], clip, same, question)
        blocks.append(Block(video.name, clip, (theirs, ours)))
    figure = (all_segments if kind == "6" else one_frame_each)(blocks, question, colours)
    for suffix in ("png", "pdf"):
        save_figure(figure, out / f"figure-{kind}.{suffix}", dpi=300)
    typer.echo(f"wrote {out / f'figure-{kind}.png'} and .pdf", err=True)
