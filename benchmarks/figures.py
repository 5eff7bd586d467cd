"""Time against certified gap, log-log: one small picture for each row, one figure for each task."""

import math
from pathlib import Path

from benchmarks.store import Entry, Store
from benchmarks.suite import TASKS, Row, rows

COLOURS = {
    "shrinkage": "#d1342f",
    "scikit-learn": "#e08a1e",
    "celer": "#3f7fbf",
    "skglm": "#58b0a6",
    "adelie": "#6a51a3",
    "adelie, covariance": "#b39ddb",
    "glmstar": "#2e7d32",
    "glmnet (R)": "#8bc34a",
    "glum": "#8d6e63",
}
N_COLUMNS = 5


def draw(store: Store, out: Path) -> list[Path]:
    """Draw what the store has; figures are named after `out`."""
    files = []
    for task in TASKS:
        for is_gaussian in (True, False):
            there = [
                row
                for row in rows()
                if row.task == task
                and (row.family == "gaussian") == is_gaussian
                and any(entry.get("runs") for entry in store.of_row(row.name))
            ]
            if there and task in ("path", "crossval"):
                kind = "gaussian" if is_gaussian else "likelihood"
                file = out.with_name(f"{out.stem}-{kind}-{task}.png")
                _figure(store, there, file)
                files.append(file)
    return files


def _figure(store: Store, there: list[Row], file: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    n_rows = math.ceil(len(there) / N_COLUMNS)
    figure, axes = plt.subplots(
        n_rows, N_COLUMNS, figsize=(3.1 * N_COLUMNS, 2.5 * n_rows + 0.6), squeeze=False
    )
    shown: dict[str, object] = {}
    for axis in axes.flat[len(there) :]:
        axis.set_axis_off()
    for axis, row in zip(axes.flat, there, strict=False):
        for entry in sorted(store.of_row(row.name), key=lambda e: e["solver"] != "shrinkage"):
            line = _line(axis, entry)
            if line is not None:
                shown.setdefault(entry["solver"], line)
        _label(axis, row)
    figure.legend(shown.values(), shown.keys(), loc="upper center", ncols=len(shown), frameon=False)
    figure.supxlabel("largest relative duality gap along the path, certified")
    figure.supylabel("milliseconds")
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.45 / figure.get_figheight()))
    figure.savefig(file, dpi=80)
    plt.close(figure)


def _line(axis, entry: Entry):  # type: ignore[no-untyped-def]
    runs = [run for run in entry.get("runs", []) if run["gap"] is not None]
    if not runs:
        return None
    colour = COLOURS.get(entry["solver"], "#444444")
    is_ours = entry["solver"] == "shrinkage"
    (line,) = axis.plot(
        [max(run["gap"], 1e-16) for run in runs],
        [1e3 * run["seconds"] for run in runs],
        color=colour,
        marker="*" if is_ours else "o",
        markersize=9 if is_ours else 3,
        linewidth=1,
        zorder=3 if is_ours else 2,
    )
    return line


def _label(axis, row: Row) -> None:  # type: ignore[no-untyped-def]
    family = "" if row.family == "gaussian" else f"{row.family} "
    ratio = "" if row.l1_ratio == 1.0 else f", {row.l1_ratio:g}"
    grid = "" if row.grid == "usual" else ", long grid"
    axis.set_title(f"{family}{row.problem}{ratio}{grid}", fontsize=9)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(3e0, 1e-16)
    axis.tick_params(which="both", labelsize=7)
    axis.grid(alpha=0.25, linewidth=0.5)
