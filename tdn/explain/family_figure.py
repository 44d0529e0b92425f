"""Figure 1 of the paper, from our own measurements: cost against published accuracy."""

from matplotlib.figure import Figure


def cost_against_accuracy(rows: list[dict]) -> Figure:
    """Measured multiply-adds (G, one clip) against the paper's top-1 on Something-Something V1, one point a network.

    `rows` as `python -m tdn models --json` prints them; those without a published accuracy are left out.
    """
    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained")
    axes = figure.subplots()
    known = [row for row in rows if row["paper"] and row["paper"]["top1"]]
    for row in known:
        is_tdn = row["name"].startswith("tdn")
        cost = row["multiply_adds"] / 1e9
        axes.plot(cost, row["paper"]["top1"], "o" if is_tdn else "s", color="tab:red" if is_tdn else "tab:blue")
        if row["paper"]["table"] != "1(a)" and not row["paper"]["table"].startswith(("1(b)", "1(c)")):
            axes.annotate(row["name"], (cost, row["paper"]["top1"]), (4, 3), textcoords="offset points", fontsize=6)
    axes.set_xscale("log", base=2)
    axes.set_xticks([32, 64, 128], ["32", "64", "128"])
    axes.set_xlabel("multiply-adds of one clip, G (measured on our networks)")
    axes.set_ylabel("top-1 on Something-Something V1, % (as published)")
    axes.set_title(
        "Cost against published accuracy (red: TDN and its variants, blue: other temporal modules)", fontsize=9
    )
    axes.grid(alpha=0.3)
    return figure
