"""Numbers and tables as text and HTML."""

import numpy as np
import pytest

from shrinkage.draw import aligned, decimals, html_table, significant, visible


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (12.3456, "12.35"),
        (9.99999, "10.00"),
        (-0.000123456, "-0.0001235"),
        (0.0000123456, "1.235e-05"),
        (123456.7, "123457"),
        (1234567.0, "1.235e+06"),
        (np.float32(0.5), "0.5000"),
        (float("nan"), "-"),
        (float("-inf"), "-inf"),
    ],
)
def test_numbers_have_four_significant_digits(value, text):
    assert significant(value) == text


@pytest.mark.parametrize("value", [*np.geomspace(1e-12, 1e12, 97), -np.pi])
@pytest.mark.parametrize("figures", [1, 2, 4, 7])
def test_rounding_is_within_half_of_the_last_digit(value, figures):
    error = abs(float(significant(value, figures)) - value)
    assert error <= 0.5000001 * 10.0 ** (np.floor(np.log10(abs(value))) - figures + 1)


@pytest.mark.parametrize(
    ("value", "places"), [(123.4, 1), (0.0123, 5), (9999.0, 0), (1e7, 0), (0.0, 3), (np.nan, 3)]
)
def test_decimals_show_the_significant_digits(value, places):
    assert decimals(value) == places


def test_text_is_to_the_left_and_numbers_to_the_right():
    lines = aligned([["bmi", "12.3"], ["age", "-1.0"]], ["feature", "coef"])
    assert lines == ["feature  coef", "bmi      12.3", "age      -1.0"]


def test_wide_characters_take_two_places():
    assert aligned([["年齢", "1"], ["bmi", "2"]]) == ["年齢  1", "bmi   2"]


def test_long_names_are_cut():
    assert aligned([["a" * 50, "1"]], longest=10) == ["aaaaaaa...  1"]
    assert aligned([["年" * 50, "1"]], longest=10) == ["年年年...  1"]


def test_an_empty_table_has_no_lines():
    assert aligned([]) == []
    assert aligned([], ["a", "b"]) == ["a  b"]


def test_a_name_cannot_command_the_terminal():
    assert visible("a\x1b[31mb\n") == "a?[31mb?"
    assert aligned([["a\x1b[2J", "1"]]) == ["a?[2J  1"]


def test_html_is_escaped():
    table = html_table([["<script>&", '"1"']], ["<b>", "n"])
    assert "<script>" not in table
    assert "&lt;script&gt;&amp;" in table
    assert "&lt;b&gt;" in table
    assert 'style="text-align:left">&lt;b&gt;' in table
    assert 'style="text-align:right">&quot;1&quot;' in table
