"""Draw the pictures of the README and of shared links: a forecast of GPT-3."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from hitchhiker import fit, load_runs, plots, selection

STATIC = Path(__file__).resolve().parents[1] / "_static"
plots.use_style()
runs = load_runs("gpt3", loss_kind="validation")
train, target = selection.hold_out(runs)
train = selection.early_cut(train)
fitted = fit(train)
plain = {"transparent": False, "facecolor": "white", "metadata": {"Software": None}}

fig, ax = plt.subplots(figsize=(6.4, 4.2))
plots.loss_curves(ax, train, fitted.law, held_out=target)
plots.message(ax, "Seven small GPT-3 runs forecast the largest (dashed)")
fig.savefig(STATIC / "forecast.png", dpi=130, **plain)

fig, ax = plt.subplots(figsize=(12, 6.3), layout="none")
fig.subplots_adjust(left=0.52, right=0.93, top=0.9, bottom=0.14)
plots.loss_curves(ax, train, fitted.law, held_out=target)
fig.text(
    0.04,
    0.60,
    "The Hitchhiker's Guide\nto Scaling Law\nEstimation",
    fontsize=27,
    weight="bold",
    color="#0f6b8c",
    va="center",
    linespacing=1.25,
)
fig.text(
    0.04,
    0.30,
    "Forecast a large language model's loss\nfrom small runs, with error bars.",
    fontsize=17,
    color="#333333",
    va="center",
    linespacing=1.4,
)
fig.savefig(STATIC / "cover.png", dpi=100, **plain)
print(STATIC / "forecast.png", STATIC / "cover.png")
