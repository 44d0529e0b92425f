"""Figure 1 of the paper, from our own measurements: cost against published accuracy."""

from collections import defaultdict

from matplotlib.figure import Figure

# Series of the figure: names of rows before "_resnet". What is not here is a variant of TDN.
SERIES = {
    "tdn": ("TDN", "o", "tab:red"),
    "s_tdm": ("S-TDM only", "^", "tab:orange"),
    "s_tdm_stage1": ("S-TDM only, stage 1", "v", "tab:orange"),
    "l_tdm": ("L-TDM only", "s", "tab:orange"),
    "tconv_baseline": ("T-Conv baseline (stages 3-5)", "P", "tab:blue"),
    "tconv": ("T-Conv", "D", "tab:blue"),
    "tsm": ("TSM", "X", "tab:green"),
    "teinet": ("TEINet", "p", "tab:purple"),
    "tsn": ("TSN", "h", "black"),
}
VARIANT = ("variants of TDN, Table 1(a)-(d)", ".", "tab:gray")


def cost_against_accuracy(rows: list[dict]) -> Figure:
    """Measured multiply-adds (G, one clip) against the paper's top-1 on Something-Something V1, one point a network.

    `rows` as `python -m tdn models --json` prints them; those without a published accuracy are left out.
    """
    points = defaultdict(list)
    for row in rows:
        if row["paper"] and row["paper"]["top1"]:
            series = SERIES.get(row["name"].split("_resnet")[0], VARIANT)
            points[series].append((row["multiply_adds"] / 1e9, row["paper"]["top1"], row["name"]))
    figure = Figure(figsize=(9, 5), dpi=150, layout="constrained")
    axes = figure.subplots()
    for (title, marker, colour), series in points.items():
        cost, top1, names = zip(*sorted(series), strict=True)
        line = "none" if title == VARIANT[0] else ":"
        axes.plot(cost, top1, marker=marker, color=colour, linestyle=line, linewidth=1, markersize=7, label=title)
        if title == "TDN":
            for x, y, name in zip(cost, top1, names, strict=True):
                backbone, frames = name.split("_")[1:]
                below = name == "tdn_resnet50_16f"
                axes.annotate(
                    f"{backbone.replace('resnet', 'R')}, {frames}",
                    (x, y),
                    (0, -14 if below else 7),
                    textcoords="offset points",
                    fontsize=7,
                    ha="center",
                )
    axes.set_xscale("log", base=2)
    axes.set_xticks([32, 64, 128], ["32", "64", "128"])
    axes.set_xlabel("multiply-adds of one clip, G (measured on our networks)")
    axes.set_ylabel("top-1 on Something-Something V1, % (as published)")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8, frameon=False)
    return figure
