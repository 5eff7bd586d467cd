"""`shrinkage show`: the figures of Python from the command line, or one sentence why not."""

from __future__ import annotations

import csv
import inspect
import json
import re
from importlib import import_module

import numpy as np
import pytest

import shrinkage
from shrinkage.cli.parser import make_parser
from shrinkage.draw import description_of, svg_of

PICTURES = ["geometry", "path", "sweet-spot", "correlated", "kink", "selection"]
HELD_OUT = ["roc", "calibration"]
N = 40


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(7)
    x = rng.standard_normal((N, 3))
    table = {f"size {j}": x[:, j] for j in range(3)}
    town = np.array(["Aachen", "Bonn", "K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln"], object)
    table["town"] = town[np.arange(N) % 3]
    table["w"] = np.arange(N) % 4 + 1.0
    return {**table, "price": 2.0 * x[:, 0] - x[:, 1] + rng.standard_normal(N)}


@pytest.fixture(scope="module")
def data(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("show") / "data.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(frame)
        writer.writerows(zip(*[values.tolist() for values in frame.values()], strict=True))
    return str(path)


@pytest.fixture
def matplotlib():
    return pytest.importorskip("matplotlib")


def in_python(what: str, frame):
    """Return the figure that the command has to draw by default."""
    if what in ("path", "sweet-spot"):
        features = {name: values for name, values in frame.items() if name != "price"}
        model = shrinkage.ElasticNetCV().fit(features, frame["price"])
        return model.plot_path() if what == "path" else model.plot_cv()
    functions = {
        "geometry": shrinkage.plot_geometry,
        "correlated": shrinkage.plot_correlated,
        "kink": shrinkage.plot_descents,
        "selection": shrinkage.plot_selection,
    }
    return functions[what](frame, "price")


@pytest.mark.parametrize("what", PICTURES)
def test_the_picture_is_the_figure_of_python(matplotlib, call, data, frame, tmp_path, what):
    out = tmp_path / "picture.svg"
    found = call("show", what, data, "-y", "price", "-o", str(out))
    figure = in_python(what, frame)
    assert out.read_text(encoding="utf-8") == svg_of(figure)
    assert (found.code, found.out) == (0, "")
    said = "" if what == "kink" else "family gaussian: price holds numbers\n"
    assert found.err == f"{said}wrote {out}\n{description_of(figure)}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["picture.svg"]


@pytest.mark.parametrize("what", PICTURES)
def test_data_can_be_simulated(matplotlib, call, tmp_path, what):
    out = tmp_path / "new" / "picture.PNG"
    size = [] if what == "correlated" else ["--rows", "30", "--columns", "4"]
    found = call("show", what, "--simulate", *size, "-o", str(out), "--json", "-q")
    assert (found.code, found.err) == (0, "")
    assert out.read_bytes().startswith(b"\x89PNG")
    told = json.loads(found.out)
    assert told["file"] == str(out)
    assert told["title"]
    assert told["description"]


def test_every_picture_is_known():
    assert list(import_module("shrinkage.cli.show")._PICTURES) == PICTURES + HELD_OUT


class Drawn(Exception):
    """A figure was asked for."""


@pytest.fixture
def asked(monkeypatch, matplotlib):
    """Return what a drawing function is called with, in place of drawing."""

    def asked(*arguments: str):
        seen = {}

        def put(name):
            signature = inspect.signature(getattr(shrinkage, name))

            def instead(*args, **options):
                # The real signature refuses what the function does not take.
                seen.update(signature.bind(*args, **options).arguments, function=name)
                raise Drawn

            monkeypatch.setattr(shrinkage, name, instead)

        for name in dir(shrinkage):
            if name.startswith("plot_"):
                put(name)
        parsed = make_parser().parse_args(["show", *arguments, "-o", "picture.svg"])
        with pytest.raises(Drawn):
            parsed.run(parsed)
        return seen

    return asked


@pytest.mark.parametrize(
    ("arguments", "function", "expected"),
    [
        (["geometry"], "plot_geometry", {}),
        (
            ["geometry", "--feature", "size 1", "--feature", "town=Bonn", "--alpha", "0.25"],
            "plot_geometry",
            {"features": ["size 1", "town=Bonn"], "alpha": 0.25},
        ),
        (
            ["geometry", "--l1-ratio", "1", "--l1-ratio", "0.25"],
            "plot_geometry",
            {"l1_ratio": [1.0, 0.25]},
        ),
        (["correlated", "--seed", "3"], "plot_correlated", {"columns": None, "random_state": 3}),
        (
            ["correlated", "--feature", "w", "--feature", "size [12]"],
            "plot_correlated",
            {"columns": ["size 1", "size 2", "w"]},
        ),
        (
            ["correlated", "--feature", "town"],
            "plot_correlated",
            {
                "columns": [
                    "town=Aachen",
                    "town=Bonn",
                    "town=K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln",
                ]
            },
        ),
        (
            ["kink", "--alpha", "1", "--l1-ratio", "0.5"],
            "plot_descents",
            {"alpha": 1, "l1_ratio": 0.5},
        ),
        (
            ["selection", "--l1-ratio", "0.9", "--seed", "4"],
            "plot_selection",
            {"l1_ratios": [0.9], "random_state": 4},
        ),
    ],
)
def test_options_reach_the_function(asked, data, frame, arguments, function, expected):
    seen = asked(*arguments, data, "-y", "price")
    assert seen.pop("function") == function
    assert seen.pop("y") == "price"
    assert seen.pop("family", "gaussian") == "gaussian"
    table = seen.pop("X")
    assert list(table) == list(frame)
    assert all((table[name] == frame[name]).all() for name in frame)
    assert seen == expected


SIMULATION = ["--signal", "groups", "--snr", "2", "--rows", "30", "--columns", "10", "--rho", "0.8"]
SIMULATED = {"signal": "groups", "snr": 2.0, "n_samples": 30, "n_features": 10, "rho": 0.8}


@pytest.mark.parametrize("what", ["geometry", "kink", "selection"])
def test_what_is_simulated_can_be_said(asked, what):
    seen = asked(what, "--simulate", *SIMULATION, "--seed", "5")
    made = shrinkage.simulate(**SIMULATED, random_state=5)
    assert tuple(seen["X"])[:-1] == made.names
    assert (np.column_stack(list(seen["X"].values())) == np.column_stack([made.X, made.y])).all()
    if what == "selection":
        assert seen["random_state"] == 5


def test_bias_and_variance_are_simulated(asked):
    seen = asked("sweet-spot", "--simulate", *SIMULATION, "--seed", "5")
    assert seen == {"function": "plot_bias_variance", **SIMULATED, "random_state": 5}
    assert asked("sweet-spot", "--simulate") == {"function": "plot_bias_variance"}


def test_two_correlated_features_are_simulated(asked):
    seen = asked("correlated", "--simulate", "--rho", "0.5", "--seed", "2")
    assert seen == {"function": "plot_correlated", "rho": 0.5, "random_state": 2}


@pytest.mark.parametrize("penalty", ["ridge", "lasso"])
def test_the_path_is_that_of_the_penalty(matplotlib, call, data, frame, tmp_path, penalty):
    options = ["--penalty", penalty, "--cv", "4", "--seed", "2", "--weights", "w", "--drop", "town"]
    out = tmp_path / "path.svg"
    assert call("show", "path", data, "-y", "price", *options, "-o", str(out)).code == 0
    kind = {"ridge": shrinkage.RidgeCV, "lasso": shrinkage.LassoCV}[penalty]
    model = kind(cv=4, random_state=2)
    features = {name: values for name, values in frame.items() if name.startswith("size")}
    model.fit(features, frame["price"], sample_weight=frame["w"])
    assert out.read_text(encoding="utf-8") == svg_of(model.plot_path())


def test_a_dash_prints_the_picture_and_a_file_is_replaced(matplotlib, call, data, tmp_path):
    out = tmp_path / "kink.svg"
    out.write_text("old")
    call("show", "kink", data, "-y", "price", "-o", str(out))
    printed = call("show", "kink", data, "-y", "price", "-o", "-")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out == out.read_text(encoding="utf-8")


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt, 130), (ZeroDivisionError, 70)])
@pytest.mark.parametrize("where", ["shrinkage.plot_descents", "shrinkage.cli.show.svg_of"])
def test_an_end_before_time_leaves_the_old_picture(
    matplotlib, call, data, monkeypatch, tmp_path, where, raised, code
):
    def ends(*_, **__):
        raise raised

    import_module("shrinkage.cli.show")
    monkeypatch.setattr(where, ends)
    out = tmp_path / "kink.svg"
    out.write_text("old")
    assert call("show", "kink", data, "-y", "price", "-o", str(out)).code == code
    assert [path.name for path in tmp_path.iterdir()] == ["kink.svg"]
    assert out.read_text() == "old"


PLACES = {
    "nothing": ([], "--out must name a file that ends in .svg or .png, or be - for"),
    "no ending": (["-o", "picture"], "got picture.\nHint: -o picture.svg"),
    "another ending": (["-o", "a/picture.pdf"], "got a/picture.pdf.\nHint: -o a/picture.svg"),
    "a directory": (["-o", "DIRECTORY"], "got the directory"),
    "under a file": (["-o", "DATA/picture.svg"], "must be a directory, got the file"),
    "an empty name": (["-o", ""], "--out"),
    "JSON and the picture": (["-o", "-", "--json"], "--json can't be given with -o -"),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_place_for_no_picture_is_refused_before_any_work(call, data, tmp_path, case):
    options, sentence = PLACES[case]
    named = {"DATA": data, "DIRECTORY": str(tmp_path)}
    options = [re.sub("DATA|DIRECTORY", lambda m: named[m[0]], option) for option in options]
    # A file that is not there would be the next error.
    found = call("show", "kink", "nowhere.csv", "-y", "price", *options)
    assert (found.code, found.out) == (2, "")
    assert sentence in found.err
    assert "nowhere" not in found.err


WRONG = {
    "no picture": ([], "WHAT"),
    "a misspelt picture": (["geometri", "DATA"], "choose from 'geometry', 'path', 'sweet-spot'"),
    "no data": (["kink"], "DATA must be given, or --simulate in its place"),
    "both kinds of data": (["kink", "DATA", "--simulate"], "DATA can't be given with --simulate"),
    "no target": (["kink", "DATA"], "--target must name a column"),
    "a wrong target": (["kink", "DATA", "-y", "prise"], "did you mean `price`?"),
    "a target of the simulation": (["kink", "--simulate", "-y", "y"], "--target can't"),
    "features of the simulation": (["kink", "--simulate", "--keep", "x*"], "--keep can't"),
    "no simulation": (
        ["kink", "DATA", "-y", "price", "--rho", "0"],
        "--rho can't be given without --simulate",
    ),
    "a seed for nothing": (["geometry", "DATA", "-y", "price", "--seed", "0"], "--seed can't"),
    "weights that only a path knows": (
        ["kink", "DATA", "-y", "price", "--weights", "w"],
        "--weights w (see `shrinkage show kink --help`)",
    ),
    "one penalty of three": (["sweet-spot", "--simulate", "--penalty", "ridge"], "--penalty can't"),
    "folds of none": (["sweet-spot", "--simulate", "--cv", "5"], "--cv can't"),
    "a feature of the simulation": (
        ["correlated", "--simulate", "--feature", "x"],
        "--feature can",
    ),
    "a share of L1 for lasso": (
        ["path", "DATA", "-y", "price", "--penalty", "lasso", "--l1-ratio", "1"],
        "--l1-ratio can't be given with --penalty lasso",
    ),
    "one feature": (["geometry", "DATA", "-y", "price", "--feature", "w"], "be given twice, got w"),
    "a feature that is not there": (
        ["geometry", "DATA", "-y", "price", "--feature", "w", "--feature", "v"],
        "`--feature` must name columns of `DATA`, got 'v'",
    ),
    "no feature that matches": (
        ["correlated", "DATA", "-y", "price", "--feature", "siez 1"],
        "`--feature` must match a feature, got 'siez 1'.\nHint: did you mean `size 1`",
    ),
    "one correlated feature": (
        ["correlated", "DATA", "-y", "price", "--feature", "w"],
        "--feature",
    ),
    "a correlation of 2": (["correlated", "--simulate", "--rho", "2"], "`--rho` must be"),
    "no rows": (["kink", "--simulate", "--rows", "0"], "`--rows` must be an integer >= 1"),
    "no columns": (["kink", "--simulate", "--columns", "0"], "`--columns` must be an integer"),
    "one column": (
        ["geometry", "--simulate", "--columns", "1"],
        "`--simulate` must have at least 2",
    ),
    "only noise": (["sweet-spot", "--simulate", "--snr", "0"], "`--snr` must be a finite number"),
    "a negative alpha": (["kink", "--simulate", "--alpha", "-1"], "`--alpha` must be a"),
    "a ridge that selects": (["selection", "--simulate", "--l1-ratio", "0"], "`--l1-ratio` must"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_ends_with_one_sentence(matplotlib, call, data, tmp_path, case):
    arguments, sentence = WRONG[case]
    arguments = [data if argument == "DATA" else argument for argument in arguments]
    found = call("show", *arguments, "-o", str(tmp_path / "picture.svg"))
    assert (found.code, found.out) == (2, "")
    assert sentence in found.err
    assert found.err.startswith("shrinkage: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["X", "alpha", "rho", "columns"])
@pytest.mark.parametrize("command", [["fit"], ["show", "kink", "-o", "picture.svg"]])
def test_a_column_keeps_its_name_in_messages(matplotlib, call, tmp_path, command, name):
    path = tmp_path / "data.csv"
    path.write_text(f"{name},price\n1,2\nNA,3\n3,4\n")
    found = call(*command, str(path), "-y", "price")
    assert found.code == 2
    assert f"`{name}` must have a value in every row" in found.err


@pytest.mark.parametrize("what", PICTURES + HELD_OUT)
def test_matplotlib_is_missed_before_any_work(call, monkeypatch, what):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = call("show", what, "nowhere.csv", "-y", "price", "-o", "picture.svg")
    assert (found.code, found.out) == (2, "")
    assert "shrinkage[plot]" in found.err


def test_the_defaults_that_help_names_are_those_of_python(capsys):
    def named(what: str) -> dict[str, float]:
        with pytest.raises(SystemExit):
            make_parser().parse_args(["show", what, "--help"])
        words = " ".join(capsys.readouterr().out.split())
        found = re.findall(r"--(\w+) \w ((?:(?! --).)*?)\(default ([\d.]+)\)", words)
        return {option: float(default) for option, _, default in found}

    def defaults(function, options) -> dict[str, float]:
        known = inspect.signature(function).parameters
        return {option: known[argument].default for option, argument in options.items()}

    simulated = {"snr": "snr", "rows": "n_samples", "columns": "n_features", "seed": "random_state"}
    for what in ("geometry", "path", "kink", "selection"):
        assert defaults(shrinkage.simulate, simulated).items() <= named(what).items()
    assert defaults(shrinkage.plot_bias_variance, simulated).items() <= named("sweet-spot").items()
    two = {"rho": "rho", "seed": "random_state"}
    assert defaults(shrinkage.plot_correlated, two).items() <= named("correlated").items()


@pytest.fixture(scope="module")
def classes(frame, tmp_path_factory):
    """A table with two labels, several, and counts for the price."""
    rng = np.random.default_rng(3)
    line = frame["price"]
    table = {name: values for name, values in frame.items() if name.startswith("size")}
    table["sold"] = np.where(line + rng.logistic(size=N) > 0, "yes", "no").astype(object)
    kinds = np.array(["flat", "house", "villa"], object)
    table["kind"] = kinds[np.digitize(line + rng.normal(size=N), [-1.0, 1.0])]
    table["visits"] = rng.poisson(np.exp(0.5 * line)).astype(float)
    path = tmp_path_factory.mktemp("classes") / "data.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(table)
        writer.writerows(zip(*[values.tolist() for values in table.values()], strict=True))
    return str(path), table


def features_of(table):
    return {name: values for name, values in table.items() if name.startswith("size")}


@pytest.mark.parametrize("what", HELD_OUT)
def test_pictures_of_held_out_rows_are_those_of_the_comparison(
    matplotlib, call, classes, tmp_path, what
):
    data, table = classes
    out = tmp_path / "picture.svg"
    options = ["--keep", "size*", "--cv", "4", "-o", str(out)]
    found = call("show", what, data, "-y", "sold", *options)
    comparison = shrinkage.compare({**features_of(table), "sold": table["sold"]}, "sold", cv=4)
    figure = comparison.plot_roc() if what == "roc" else comparison.plot_calibration()
    assert out.read_text(encoding="utf-8") == svg_of(figure)
    assert found.err.startswith("family binomial: sold has the two values 'no' and 'yes'\nwrote")


@pytest.mark.parametrize(
    ("target", "options", "model"),
    [
        ("sold", [], shrinkage.LogisticRegressionCV(l1_ratio=0.5, cv=4)),
        ("kind", [], shrinkage.LogisticRegressionCV(l1_ratio=0.5, cv=4)),
        ("visits", ["--family", "poisson"], shrinkage.PoissonRegressorCV(l1_ratio=0.5, cv=4)),
    ],
)
@pytest.mark.parametrize("what", ["path", "sweet-spot"])
def test_paths_and_errors_of_every_family(
    matplotlib, call, classes, tmp_path, what, target, options, model
):
    data, table = classes
    out = tmp_path / "picture.svg"
    options = [*options, "--keep", "size*", "--cv", "4", "-o", str(out)]
    found = call("show", what, data, "-y", target, *options)
    assert found.code == 0, found.err
    model.fit(features_of(table), table[target])
    figure = model.plot_path() if what == "path" else model.plot_cv()
    assert out.read_text(encoding="utf-8") == svg_of(figure)


def test_lessons_know_two_labels(matplotlib, call, classes, tmp_path):
    data, _ = classes
    out = tmp_path / "picture.svg"
    for what in ("geometry", "selection", "correlated"):
        found = call("show", what, data, "-y", "sold", "--keep", "size*", "-o", str(out))
        assert found.code == 0, found.err
        assert found.err.startswith("family binomial: sold has the two values")


FAMILY_WRONG = {
    "labels in a picture of numbers": (["kink", "-y", "sold"], "must name a column of numbers"),
    "several labels in the plane": (["geometry", "-y", "kind"], "--family"),
    "numbers without classes": (["roc", "-y", "size 0"], "`--family` must be one of binomial, mul"),
    "numbers with an error of their own": (["calibration", "-y", "size 0"], "`--family` must be"),
    "a family that a picture lacks": (
        ["geometry", "-y", "kind", "--family", "multinomial"],
        "invalid choice: 'multinomial'",
    ),
    "no data": (["roc", "-y", "sold"], "DATA must be given"),
}


@pytest.mark.parametrize("case", FAMILY_WRONG)
def test_a_family_that_a_picture_cannot_draw_is_refused(matplotlib, call, classes, tmp_path, case):
    arguments, sentence = FAMILY_WRONG[case]
    data = [] if case == "no data" else [classes[0], "--keep", "size*"]
    found = call("show", *arguments, *data, "-o", str(tmp_path / "picture.svg"))
    assert (found.code, found.out) == (2, "")
    assert sentence in found.err
    assert not list(tmp_path.iterdir())
