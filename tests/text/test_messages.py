"""Golden messages: each sentence about arguments and data, word for word, from a real mistake."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.impute import SimpleImputer

import shrinkage
from shrinkage import _validate as check
from shrinkage import errors
from shrinkage.design import FrameEncoder, as_matrix, split_target
from shrinkage.select.folds import make_splits

ONES = np.ones((3, 2))
PEOPLE = pd.DataFrame({"age": [30.0, 40.0, 50.0], "sex": ["male", "female", "male"]})
ENCODER = FrameEncoder().fit(PEOPLE)
BROKEN = sparse.csc_array((3, 1))
BROKEN.data, BROKEN.indices, BROKEN.indptr = np.ones(1), np.array([9]), np.array([0, 1])

# The sentence in errors.py (None: made where it is raised), what is called, with what, the words.
MESSAGES = [
    (
        "not_numbers",
        as_matrix,
        [np.array([["a"]])],
        "`X` must hold real numbers, got an array of dtype <U1.",
    ),
    (
        "not_numbers",
        check.check_target,
        [np.array(["yes", "no"])],
        "`y` must hold real numbers, got an array of dtype <U3.\n"
        "Hint: labels are for LogisticRegression and compare; in pictures for family='binomial'",
    ),
    (
        "not_a_number",
        check.check_target,
        [np.array(["yes", "no"], dtype=object)],
        "`y` must hold real numbers, got 'yes' at y[0].\n"
        "Hint: labels are for LogisticRegression and compare; in pictures for family='binomial'",
    ),
    (
        "not_a_number",
        as_matrix,
        [np.array([[1.0, "a"]], dtype=object)],
        "`X` must hold real numbers, got 'a' at X[0, 1].",
    ),
    (
        "not_a_number",
        check.check_target,
        [[1.0, None]],
        "`y` must hold real numbers, got None at y[1] "
        "(float() argument must be a string or a real number, not 'NoneType').",
    ),
    (
        "ragged",
        as_matrix,
        [[[1.0, 2.0], [3.0]]],
        "`X` must have rows of one length, got rows of several lengths.",
    ),
    (
        "complex_numbers",
        as_matrix,
        [ONES * 1j],
        "`X` must hold real numbers, got complex ones (Complex data not supported).\n"
        "Hint: pass the real and the imaginary part as two columns",
    ),
    (
        "masked",
        as_matrix,
        [np.ma.masked_array(ONES)],
        "`X` can't be a masked array: its mask would be ignored.\n"
        "Hint: fill the masked entries first, for example by `x.filled(fill_value)`",
    ),
    (
        "not_finite",
        as_matrix,
        [np.array([[1.0, np.inf]])],
        "`X` must be finite, got inf at X[0, 1].",
    ),
    (
        "not_finite",
        as_matrix,
        [np.array([[1.0, np.nan]])],
        "`X` must be finite, got NaN at X[0, 1].\n"
        "Hint: drop such rows, or fill them in: "
        "make_pipeline(SimpleImputer(), model) of scikit-learn",
    ),
    (
        "not_finite",
        as_matrix,
        [pd.DataFrame({"age": [1.0, np.inf]})],
        "`X` must be finite, got inf at X[1, 0] (column 'age').",
    ),
    (
        "wrong_length",
        check.check_target,
        [[1.0, 2.0], 3],
        "`y` must have one entry per row of `X`, "
        "got inconsistent numbers of samples: 2 in `y`, 3 in `X`.",
    ),
    (
        "missing_target",
        check.check_target,
        [None],
        "`y` must hold one number per row, "
        "got None (a fit requires y to be passed, but the target y is None).",
    ),
    (
        "no_rows",
        as_matrix,
        [np.ones((0, 3))],
        "`X` must have at least 1 row, "
        "got 0 samples (shape=(0, 3)) while a minimum of 1 is required.",
    ),
    (
        "no_columns",
        as_matrix,
        [np.ones((3, 0))],
        "`X` must have at least 1 column, "
        "got 0 feature(s) (shape=(3, 0)) while a minimum of 1 is required.",
    ),
    (
        "not_two_dimensional",
        as_matrix,
        [np.ones(3)],
        "`X` must be a matrix, got an array of shape (3,).\n"
        "Hint: Reshape your data: X.reshape(-1, 1) if it is one feature, "
        "X.reshape(1, -1) if it is one row",
    ),
    (
        "missing_value",
        as_matrix,
        [pd.DataFrame({"age": [1.0, np.nan]})],
        "`X` must have no missing values, got one in row 1 of column 'age'.\n"
        "Hint: drop such rows, or fill them in: make_pipeline(SimpleImputer("
        "strategy='most_frequent').set_output(transform='pandas'), model) of scikit-learn, "
        "which also knows text",
    ),
    (
        "text_column",
        as_matrix,
        [PEOPLE],
        "`X` must hold numbers, got text in column 'sex'.\n"
        "Hint: the estimators' fit(frame, y) encodes text columns, one 0/1 column per level",
    ),
    (
        "text_target",
        split_target,
        [PEOPLE, "sex"],
        "`y` must hold numbers, got text in column 'sex'.\n"
        "Hint: labels are for LogisticRegression and compare; in pictures for family='binomial'",
    ),
    (
        "bad_target",
        split_target,
        [pd.DataFrame({"age": [1.0, np.nan]}), "age"],
        "`y` must be finite, got NaN in row 1 of column 'age'.\n"
        "Hint: drop the rows without a target",
    ),
    (
        "date_column",
        FrameEncoder().fit,
        [pd.DataFrame({"day": np.array(["2020-01-01"], dtype="M8[ns]")})],
        "`X` must hold numbers or text, got dates or times (Datetime) in column 'day'.\n"
        "Hint: turn it into numbers, such as days since a first day, or drop it",
    ),
    (
        "mixed_column",
        FrameEncoder().fit,
        [pd.DataFrame({"age": [1, "old"]})],
        "`X` must hold numbers or text, got mixed or nested values (Object) in column 'age'.\n"
        "Hint: make it all numbers or all text",
    ),
    (
        "identifier_column",
        FrameEncoder().fit,
        [pd.DataFrame({"name": ["Ann", "Bo"]})],
        "`X` must repeat the levels of its text columns, "
        "got a different text in every row of column 'name'.\n"
        "Hint: drop it: a name or number of the row cannot be learnt from",
    ),
    (
        "unseen_level",
        ENCODER.transform,
        [pd.DataFrame({"age": [1.0], "sex": ["other"]})],
        "`X` must hold the levels it was fitted with, got 'other' in row 0 of column 'sex'.\n"
        "Hint: the levels are 'female', 'male'; "
        "with unseen='base' such a row has none of them",
    ),
    (
        "not_as_fitted",
        ENCODER.transform,
        [pd.DataFrame({"age": [1.0], "sex": [0.5]})],
        "`X` must hold text in column 'sex', as when it was fitted, got a column of type Float64.",
    ),
    (
        "missing_columns",
        ENCODER.transform,
        [pd.DataFrame({"age": [1.0]})],
        "`X` must have the columns it was fitted with, got no column 'sex'.",
    ),
    (
        "extra_columns",
        ENCODER.transform,
        [PEOPLE.assign(height=1.0)],
        "`X` must have only the columns it was fitted with, got the unknown column 'height'.\n"
        "Hint: drop what the model does not know, or pass extra='ignore'",
    ),
    (
        "broken_sparse",
        as_matrix,
        [BROKEN],
        "`X` must be a valid sparse matrix, got one with row indices outside its shape.",
    ),
    (
        "feature_count",
        shrinkage.Lasso().fit(np.arange(6.0).reshape(3, 2), [1.0, 0.0, 2.0]).predict,
        [np.ones((3, 1))],
        "`X` must have the columns it was fitted with: "
        "X has 1 features, but Lasso is expecting 2 features as input.",
    ),
    (None, check.check_flag, ["standardize", 1], "`standardize` must be True or False, got 1."),
    (None, check.check_count, ["cv", 1.0, 2], "`cv` must be an integer >= 2, got 1.0."),
    (
        None,
        check.check_choice,
        ["rule", "max", ("min", "1se")],
        "`rule` must be one of 'min', '1se', got 'max'.",
    ),
    (None, check.check_alpha, [-1], "`alpha` must be a finite number >= 0, got -1."),
    (
        None,
        check.check_l1_ratio,
        [1.5],
        "`l1_ratio` must be between 0 (ridge) and 1 (lasso), got 1.5.",
    ),
    (
        None,
        check.check_l1_ratios,
        [[0.5, 2.0]],
        "`l1_ratio` must be between 0 (ridge) and 1 (lasso), got 2.0 at l1_ratio[1].",
    ),
    (
        None,
        check.check_alphas,
        [0.1],
        "`alphas` must be a number of points (an integer >= 1) or a non-empty list of strengths, "
        "got 0.1.\nHint: alphas=[0.1]",
    ),
    (
        None,
        check.check_alphas,
        [[1.0, -2.0]],
        "`alphas` must be finite and >= 0, got -2.0 at alphas[1].",
    ),
    (
        None,
        check.check_alphas,
        [[1.0, np.nan]],
        "`alphas` must be finite and >= 0, got NaN at alphas[1].",
    ),
    (
        None,
        check.check_alphas,
        [[1.0, 1.0]],
        "`alphas` must hold each value once, got 1.0 more than once.\n"
        "Hint: numpy.unique(alphas) leaves one of each",
    ),
    (
        None,
        check.check_weights,
        [[1.0, -1.0], 2],
        "`sample_weight` must be non-negative, got -1.0 at sample_weight[1].",
    ),
    (
        None,
        check.check_weights,
        [[0.0, 0.0], 2],
        "`sample_weight` must hold a positive weight, got only weights of zero.",
    ),
    (
        None,
        check.check_weights,
        [[1e308, 1e308], 2],
        "`sample_weight` must have a finite sum, got inf.",
    ),
    (
        None,
        check.check_vector,
        ["offset", ONES],
        "`offset` must be one-dimensional, got an array of shape (3, 2).",
    ),
    (
        None,
        check.check_penalty_factor,
        [[1.0, -1.0], None, 2],
        "`penalty_factor` must be non-negative, got -1.0 at penalty_factor[1].",
    ),
    (
        None,
        check.check_penalty_factor,
        [{"agee": 0.0}, ("age", "sex"), 2],
        "`penalty_factor` must name columns of `X`, got 'agee'.\n"
        "Hint: the columns are 'age', 'sex'",
    ),
    (
        None,
        check.check_penalty_factor,
        [{"age": 0.0}, None, 2],
        "`penalty_factor` can't be a dict when `X` has no column names.\n"
        "Hint: pass a data frame, or an array of 2 entries",
    ),
    (
        None,
        check.check_penalty_factor,
        [{"age": "no"}, ("age",), 1],
        "`penalty_factor` must hold numbers, got 'no' for column 'age'.",
    ),
    (
        None,
        check.check_penalty_factor,
        [[1.0], None, 2],
        "`penalty_factor` must be a number, a dict by column name, or have 2 entries, "
        "got an array of shape (1,).",
    ),
    (
        None,
        check.check_penalty_factor,
        [[1.0, np.nan], None, 2],
        "`penalty_factor` must hold no NaN, got NaN at penalty_factor[1].",
    ),
    (
        None,
        check.check_bounds,
        [-1.0, -2.0, None, 2],
        "`lower` must not exceed `upper`, got lower[0] = -1.0 and upper[0] = -2.0.",
    ),
    (
        None,
        check.check_bounds,
        [1.0, None, None, 2],
        "`lower` must be <= 0, got 1.0 at lower[0].\n"
        "Hint: a penalty shrinks towards 0, so 0 has to be allowed",
    ),
    (
        None,
        check.check_bounds,
        [None, [1.0, -1.0], None, 2],
        "`upper` must be >= 0, got -1.0 at upper[1].\n"
        "Hint: a penalty shrinks towards 0, so 0 has to be allowed",
    ),
    (
        None,
        split_target,
        [PEOPLE, "height"],
        "`y` must be an array or the name of a column of `X`, "
        "got 'height', while the columns are 'age', 'sex'.",
    ),
    (
        None,
        split_target,
        [ONES, "y"],
        "`X` must be a data frame when `y` is the name of a column, "
        "got [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]].",
    ),
    (
        None,
        as_matrix,
        [pd.DataFrame(ONES, columns=["a", "a"])],
        "`X` must have distinct column names, got 'a' twice.",
    ),
    (
        None,
        as_matrix,
        [pd.DataFrame(ONES, columns=["a", 1])],
        "`X` must have strings as column names, got 1.\n"
        "Hint: X.columns = X.columns.astype(str) makes them strings",
    ),
    (
        None,
        make_splits,
        [9, 3],
        "`cv` must be at most the number of rows of positive weight, 3, got 9.",
    ),
    (
        None,
        make_splits,
        [2, 3, None, None, [1, 2, 2]],
        "`fold_ids` must hold out a row of positive weight in each fold, got none in fold 0.\n"
        "Hint: number the folds from 0 without a gap",
    ),
]


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [row[1:] for row in MESSAGES],
    ids=[row[0] or row[3].split(",")[0] for row in MESSAGES],
)
def test_the_message_is(call, arguments, message):
    with pytest.raises(shrinkage.ArgumentError) as caught:
        call(*arguments)
    assert str(caught.value) == message


def sentences():
    """The functions of errors.py that return an error."""
    kinds = {"ArgumentError", "DataError", "DataTypeError"}
    return {
        name
        for name, function in inspect.getmembers(errors, inspect.isfunction)
        if inspect.get_annotations(function).get("return") in kinds
    }


def test_every_sentence_is_in_the_table():
    assert sentences() == {row[0] for row in MESSAGES} - {None}


def test_every_message_is_one_sentence_and_perhaps_a_hint():
    for *_, message in MESSAGES:
        sentence, *hint = message.split("\n")
        assert re.fullmatch(r"`\w+` (must|can't) .*\.", sentence)
        assert hint == [] or (len(hint) == 1 and hint[0].startswith("Hint: "))


def test_every_argument_named_in_a_message_exists():
    known = {"x.filled(fill_value)"}
    for name in shrinkage.__all__:
        public = getattr(shrinkage, name)
        for function in (public, getattr(public, "fit", None), getattr(public, "predict", None)):
            if callable(function) and not (
                isinstance(function, type) and issubclass(function, BaseException)
            ):
                known |= set(inspect.signature(function).parameters)
    of_scikit_learn = set(inspect.signature(SimpleImputer).parameters) | set(
        inspect.signature(SimpleImputer().set_output).parameters
    )
    for *_, message in MESSAGES:
        assert set(re.findall(r"`([^`]+)`", message)) <= known, message
        assert set(re.findall(r"(\w+)=['\[]", message)) <= known | of_scikit_learn, message
