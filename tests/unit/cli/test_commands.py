"""The command, as a user calls it: results on stdout, the rest on stderr, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import shrinkage
from shrinkage.cli import main

N = 60


@pytest.fixture(scope="module")
def columns():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((N, 4))
    town = rng.choice(["Aachen", "Bonn", "Cologne"], N)
    y = 3.0 * x[:, 0] - x[:, 1] + 2.0 * (town == "Bonn") + rng.standard_normal(N)
    table = {f"x{j}": x[:, j] for j in range(4)}
    return {**table, "town": town.astype(object), "w": rng.integers(0, 4, N) * 1.0, "y": y}


@pytest.fixture
def data(tmp_path, columns):
    return save(tmp_path / "data.csv", columns)


def save(path, columns) -> str:
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*[np.asarray(v).tolist() for v in columns.values()], strict=True))
    return str(path)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_compare_prints_a_report_and_writes_its_files(call, data, tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "new" / "out"
    found = call("compare", data, "-y", "y", "--drop", "w", "--out", str(out))
    assert found.code == 0
    assert "do not yet prove which is better" in found.out
    assert "elastic net 0.5" in found.out
    names = {path.name for path in out.iterdir()}
    assert names == {
        "comparison.json",
        "coefficients.csv",
        "path-ridge.svg",
        "path-elastic-net-0.1.svg",
        "path-elastic-net-0.5.svg",
        "path-elastic-net-0.9.svg",
        "path-lasso.svg",
    }
    as_json = call("compare", data, "-y", "y", "--drop", "w", "--json")
    assert as_json.code == 0
    assert json.loads(as_json.out) == json.loads((out / "comparison.json").read_text())


def test_compare_is_the_comparison_of_python(call, data, columns):
    found = json.loads(
        call("compare", data, "-y", "y", "--weights", "w", "--cv", "4", "--json").out
    )
    table = {name: values for name, values in columns.items() if name != "w"}
    expected = shrinkage.compare(table, "y", sample_weight=columns["w"], cv=4)
    assert found == json.loads(json.dumps(expected.to_dict()))


def test_fit_predict_and_score_agree_with_python(call, data, columns, tmp_path):
    model = str(tmp_path / "model")
    fitted = call("fit", data, "-y", "y", "--drop", "w", "-o", model, "--penalty", "lasso")
    assert fitted.code == 0
    assert "LassoCV" in fitted.out
    features = {name: values for name, values in columns.items() if name not in ("w", "y")}
    expected = shrinkage.LassoCV().fit(features, columns["y"])
    predicted = call("predict", model, data)
    assert predicted.out.startswith("prediction\n")
    values = [float(row["prediction"]) for row in rows_of(predicted.out)]
    np.testing.assert_array_equal(values, expected.predict(features))
    scored = json.loads(call("score", f"{model}/model.json", data, "-y", "y", "--json").out)
    assert scored["r2"] == pytest.approx(expected.score(features, columns["y"]))
    assert scored["n_rows"] == N
    assert rows_of(call("score", model, data, "-y", "y").out)[0]["r2"] == repr(scored["r2"])


@pytest.mark.parametrize(
    ("options", "name", "parameters"),
    [
        (["--alpha", "0.1"], "ElasticNet", {"alpha": 0.1, "l1_ratio": 0.5}),
        (["--alpha", "0.1", "--l1-ratio", "0.2"], "ElasticNet", {"alpha": 0.1, "l1_ratio": 0.2}),
        (["--alpha", "0.1", "--l1-ratio", "1"], "Lasso", {"alpha": 0.1}),
        (["--alpha", "0.1", "--penalty", "ridge"], "Ridge", {"alpha": 0.1}),
        (
            ["--penalty", "ridge", "--cv", "5", "--seed", "3"],
            "RidgeCV",
            {"cv": 5, "random_state": 3},
        ),
        (["--rule", "1se"], "ElasticNetCV", {"l1_ratio": 0.5, "rule": "1se", "cv": 10}),
    ],
)
def test_fit_makes_the_estimator_that_its_options_describe(call, data, options, name, parameters):
    found = call("fit", data, "-y", "y", "--json", *options)
    assert found.code == 0
    stored = json.loads(found.out)
    assert stored["estimator"] == name
    assert parameters.items() <= stored["parameters"].items()


def test_predict_finds_columns_by_name_and_ignores_others(call, data, columns, tmp_path):
    model = str(tmp_path / "m")
    call("fit", data, "-y", "y", "--alpha", "0.1", "--drop", "w", "-o", model)
    turned = {"more": np.arange(N), **dict(reversed(columns.items()))}
    other = save(tmp_path / "other.csv", turned)
    assert call("predict", model, other).out == call("predict", model, data).out


def test_codes_that_are_numbers_stay_levels(call, columns, tmp_path):
    codes = np.where(columns["town"] == "Bonn", "007", np.where(columns["x0"] > 0, "12", "A1"))
    data = save(tmp_path / "codes.csv", {"code": codes, "x": columns["x0"], "y": columns["y"]})
    model = str(tmp_path / "m")
    assert call("fit", data, "-y", "y", "--alpha", "0.1", "-o", model).code == 0
    numeric = codes != "A1"
    some = {"code": codes[numeric], "x": columns["x0"][numeric]}
    found = call("predict", model, save(tmp_path / "some.csv", some))
    whole = call("predict", model, data)
    np.testing.assert_array_equal(
        [row["prediction"] for row in rows_of(found.out)],
        np.array([row["prediction"] for row in rows_of(whole.out)])[numeric],
    )


def test_an_unseen_level_is_an_error_unless_asked_for(call, data, columns, tmp_path):
    model = str(tmp_path / "m")
    call("fit", data, "-y", "y", "--alpha", "0.1", "-o", model)
    town = columns["town"].copy()
    town[3] = "Dortmund"
    other = save(tmp_path / "other.csv", {**columns, "town": town})
    refused = call("predict", model, other)
    assert (refused.code, refused.out) == (2, "")
    assert (
        "`town` must hold values that the model has seen, got 'Dortmund' in line 5" in refused.err
    )
    assert len(rows_of(call("predict", model, other, "--unseen", "base").out)) == N


def test_path_prints_the_path(call, data, columns):
    options = ["-y", "y", "--penalty", "lasso", "--alphas", "7", "--keep", "x*", "--weights", "w"]
    found = call("path", data, *options)
    X = np.column_stack([columns[f"x{j}"] for j in range(4)])
    path = shrinkage.elastic_net_path(X, columns["y"], alphas=7, sample_weight=columns["w"])
    rows = rows_of(found.out)
    np.testing.assert_allclose([float(row["alpha"]) for row in rows], path.alphas, rtol=1e-12)
    coefs = [[float(row[f"x{j}"]) for j in range(4)] for row in rows]
    np.testing.assert_allclose(coefs, path.coef_path, rtol=1e-9, atol=1e-12)
    as_json = json.loads(call("path", data, *options, "--json").out)
    assert as_json["coef"]["x2"] == [float(row["x2"]) for row in rows]
    assert as_json["status"] == [status.name for status in path.status]


def test_cv_prints_the_curve(call, data, columns):
    found = call("cv", data, "-y", "y", "--penalty", "lasso", "--keep", "x*", "--cv", "5")
    X = np.column_stack([columns[f"x{j}"] for j in range(4)])
    model = shrinkage.LassoCV(cv=5).fit(X, columns["y"])
    rows = rows_of(found.out)
    errors = [float(row["held_out_error"]) for row in rows]
    np.testing.assert_allclose(errors, model.cv_mean_[0], rtol=1e-12)
    chosen = {row["chosen"]: float(row["alpha"]) for row in rows if row["chosen"]}
    assert chosen == pytest.approx({"min": model.alpha_, "1se": model.alpha_1se_}, rel=1e-12)


def test_groups_are_held_out_together(call, data, columns):
    found = call("cv", data, "-y", "y", "--groups", "town", "--cv", "3", "--drop", "w", "--json")
    assert found.code == 0
    features = {f"x{j}": columns[f"x{j}"] for j in range(4)}
    model = shrinkage.ElasticNetCV(cv=3).fit(features, columns["y"], groups=columns["town"])
    assert json.loads(found.out)["alpha_min"] == model.alpha_


def test_an_offset_is_a_known_part(call, data, columns, tmp_path):
    model = str(tmp_path / "m")
    options = ["--alpha", "0.1", "--offset", "x1", "--keep", "x0", "-o", model]
    assert call("fit", data, "-y", "y", *options).code == 0
    found = rows_of(call("predict", model, data, "--offset", "x1").out)
    X = columns["x0"][:, None]
    expected = shrinkage.ElasticNet(0.1).fit(X, columns["y"], offset=columns["x1"])
    values = [float(row["prediction"]) for row in found]
    np.testing.assert_allclose(values, expected.predict(X, offset=columns["x1"]), rtol=1e-12)


def test_rows_with_missing_values_are_left_out_aloud(call, columns, tmp_path):
    x0 = columns["x0"].astype(object)
    x0[[2, 5]] = ""
    data = save(tmp_path / "holes.csv", {"x0": x0, "x1": columns["x1"], "y": columns["y"]})
    found = call("fit", data, "-y", "y", "--alpha", "0.1", "--missing", "drop", "--json", "-q")
    assert json.loads(found.out)["data"]["n_rows"] == N - 2
    assert f"2 of {N} rows were left out" in found.err


def test_data_come_from_standard_input(call, data, monkeypatch):
    with open(data, "rb") as stream:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
        piped = call("path", "-", "-y", "y", "--alphas", "3")
    assert piped.out == call("path", data, "-y", "y", "--alphas", "3").out


def test_the_version_is_printed():
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "COMMAND"),
        (["fit"], "DATA"),
        (["fit", "DATA"], "--target must name a column"),
        (["fit", "DATA", "-y", "y", "--alpha", "many"], "must be a number, got 'many'"),
        (
            ["fit", "DATA", "-y", "y", "--alpha", "1", "--cv", "3"],
            "--cv can't be given with --alpha",
        ),
        (["fit", "DATA", "-y", "y", "--penalty", "ridge", "--l1-ratio", "1"], "--l1-ratio can't"),
        (["path", "DATA", "-y", "y", "--cv", "3"], "--cv"),
        (["predict", "DATA", "DATA"], "a model file"),
        (["predict", "nowhere", "DATA"], "can't be read"),
        (["cv", "DATA", "-y", "y", "--decimal", ";"], "must be . or ,"),
    ],
)
def test_a_wrong_call_ends_with_one_sentence(call, data, arguments, sentence):
    found = call(*[data if argument == "DATA" else argument for argument in arguments])
    assert (found.code, found.out) == (2, "")
    assert sentence in found.err
    assert "Traceback" not in found.err


GOOD = "a,b,y\n1,2,3\n2,1,5\n3,5,4\n4,4,8\n5,7,7\n6,6,9\n"
# What the file holds, further options, and a part of the sentence.
BAD_DATA = {
    "a missing value": ("a,y\n1,2\nNA,3\n2,4\n", [], "`a` must have a value in every row"),
    "an infinity": ("a,y\n1,2\ninf,3\n2,4\n", [], "`a` must be finite, got inf in line 3"),
    "a complex target": (
        "a,y\n1,1+2j\n2,3\n",
        ["--family", "gaussian"],
        "must name a column of numbers",
    ),
    "text for numbers": ("a,y\nx,1\nz,2\ny,3\n", [], "repeat the levels of its text columns"),
    "dates": ("a,y\n2020-01-01,1\n2020-01-02,3\n", [], "got dates"),
    "an empty file": ("", [], "got an empty file"),
    "a ragged row": ("a,y\n1,2\n3\n", [], "must have 2 cells in every row"),
    "another kind of file": ("PAR1", [], "got a Parquet file"),
    "a name twice": ("a,a,y\n1,2,3\n", [], "`a` twice"),
    "weights of zero": ("a,w,y\n1,0,2\n2,0,3\n", ["--weights", "w"], "--weights"),
    "a negative weight": ("a,w,y\n1,1,2\n2,-1,3\n", ["--weights", "w"], "--weights"),
    "no such weights": (GOOD, ["--weights", "v"], "`--weights` must name a column"),
    "no such target": (GOOD, ["-y", "z"], "`--target` must name a column"),
    "no alphas": (GOOD, ["--alphas", "0", "--cv", "2"], "--alphas"),
    "a share of L1 above 1": (GOOD, ["--l1-ratio", "1.1"], "`--l1-ratio` must be between 0"),
    "a share of L1 that is no number": (GOOD, ["--l1-ratio", "nan"], "--l1-ratio"),
    "more folds than rows": (GOOD, ["--cv", "7"], "--cv"),
    "one fold": (GOOD, ["--cv", "1"], "--cv"),
    "more folds than groups": (GOOD, ["--groups", "b", "--cv", "7"], "--cv"),
    "a negative seed": (GOOD, ["--seed", "-1"], "--seed"),
    "no features": (GOOD, ["--drop", "*"], "have a column beside the target"),
    "one row": ("a,y\n1,2\n", [], "2 rows"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_end_with_one_sentence(call, tmp_path, case):
    content, options, sentence = BAD_DATA[case]
    path = tmp_path / "bad.csv"
    path.write_text(content)
    found = call("cv", str(path), "-y", "y", *options)
    assert (found.code, found.out) == (2, "")
    assert sentence in found.err
    assert found.err.startswith("shrinkage: ")
    assert "Traceback" not in found.err


def test_an_error_writes_nothing(call, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("a,y\n1,2\nNA,3\n")
    for command in ("compare", "fit"):
        assert call(command, str(path), "-y", "y", "-o", str(tmp_path / "out")).code == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize("command", ["compare", "fit"])
def test_a_file_in_place_of_the_directory_is_refused_before_any_work(call, data, command):
    found = call(command, data, "-y", "no such column", "-o", data)
    assert found.code == 2
    assert "`--out` must be a directory, got the file" in found.err


def test_pictures_without_matplotlib_are_refused_before_any_work(call, monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = call("compare", "example:diabetes", "--out", str(tmp_path / "out"))
    assert found.code == 2
    assert "shrinkage[plot]" in found.err
    assert not (tmp_path / "out").exists()


def test_a_mistake_of_ours_is_called_one(call, data, monkeypatch):
    def fails(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(shrinkage, "compare", fails)
    found = call("compare", data, "-y", "y")
    assert (found.code, found.out) == (70, "")
    assert "a mistake of ours (ZeroDivisionError: oops)" in found.err


def test_an_interruption_has_its_own_code(call, data, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(shrinkage, "compare", interrupted)
    found = call("compare", data, "-y", "y")
    assert (found.code, found.out, found.err) == (130, "", "shrinkage: interrupted\n")


def press_ctrl_c(process):
    # Python does not hear a signal just before it starts to read, but hears the next one.
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()


def test_ctrl_c_ends_the_command_with_its_own_code(tmp_path):
    pipe, out = tmp_path / "pipe", tmp_path / "out"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "shrinkage.cli", "fit", str(pipe), "-y", "y", "-o", str(out)]
    # Opening a pipe waits for the other side: then the command is reading.
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE) as process,
        open(pipe, "wb") as stream,
    ):
        stream.write(b"a,y\n1,2\n")
        stream.flush()
        press_ctrl_c(process)
        assert process.stderr is not None
        assert process.stderr.read() == b"shrinkage: interrupted\n"
    assert process.returncode == 130
    assert not out.exists()


def test_a_named_pipe_is_read_like_a_file(call, data, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    expected = call("path", data, "-y", "y", "--alphas", "3").out
    with subprocess.Popen(["sh", "-c", 'cat "$0" > "$1"', data, str(pipe)]):
        assert call("path", str(pipe), "-y", "y", "--alphas", "3").out == expected


def test_a_closed_pipe_is_no_error(data):
    command = [sys.executable, "-m", "shrinkage.cli", "path", "example:diabetes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"alpha,")
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 0


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from shrinkage.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'narwhals', 'matplotlib', 'pyarrow', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


def test_data_are_read_before_scikit_learn_is_imported():
    # It takes a second, in which a wrong name of a file should have been told.
    code = "import sys, shrinkage.cli.commands, shrinkage.cli.show\nprint('sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == ["False"]


def test_headings_are_bold_on_a_terminal_only(call, data, monkeypatch):
    plain = call("compare", data, "-y", "y")
    assert "\x1b[" not in plain.out
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b[1mThe rule of thumb\x1b[0m" in call("compare", data, "-y", "y").out
    assert call("compare", data, "-y", "y", "--no-color").out == plain.out
    monkeypatch.setenv("NO_COLOR", "1")
    assert call("compare", data, "-y", "y").out == plain.out
