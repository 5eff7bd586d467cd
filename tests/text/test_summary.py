"""What `summary()` says, word for word."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

import shrinkage

# Orthogonal columns of standard deviation 1: every number below can be had by hand.
X = pd.DataFrame({"dose": [1.0, 1.0, -1.0, -1.0], "age": [1.0, -1.0, 1.0, -1.0]})
Y = 10.0 + X["dose"] * 3.0 + X["age"] * 0.5

# coef soft(3, 1) and soft(0.5, 1); 1 - (1 + 0.25)/(9 + 0.25) = 86.5 %; sqrt(3/4) = 0.866025.
LASSO = """\
Lasso: 1 of 2 features kept, 86.5 % of the deviance explained (4 rows)

alpha               1 at l1_ratio 1; alpha_max 3, alpha/alpha_max 0.3333
in other words      glmnet           lambda=1, alpha=1
                    scikit-learn     Lasso(alpha=1)
                    statsmodels      fit_regularized(alpha=1, L1_wt=1)
                    Spark            regParam=0.866025, elasticNetParam=1
                    Keras            l1=2, l2=0
                    torch            no weight_decay has an L1 part
                    sum of squares   + 8*sum |b|
                    mean of squares  + 2*sum |b|
                    for packages that do not scale: each column over its standard deviation
degrees of freedom  1
status              CONVERGED: The solution is optimal to within the tolerance.
certificate         duality gap # of the null model's loss, KKT violation # of alpha_max, # rounds

feature      coefficient  per standard deviation
dose               2.000                   2.000
(intercept)        10.00
exactly zero: age

No p-values: the same data chose the features and estimated their coefficients, which
are shrunk towards zero besides; the usual standard errors know of neither and would be
too small.
"""

# coef 3/(1 + 0.5) and 0.5/(1 + 0.5); explained 1 - (1/3)^2 = 88.9 %; df 2/(1 + 0.5);
# lambda 0.5 sd(y) with sd(y) = sqrt(9.25), and for Spark times sqrt(3/4).
RIDGE = """\
Ridge: 2 of 2 features kept, 88.9 % of the deviance explained (4 rows)

alpha               0.5 at l1_ratio 0
in other words      glmnet           lambda=1.52069, alpha=0
                    scikit-learn     Ridge(alpha=2)
                    statsmodels      fit_regularized(alpha=0.5, L1_wt=0)
                    Spark            regParam=1.75594, elasticNetParam=0
                    Keras            l1=0, l2=0.5
                    torch            SGD(weight_decay=1) with MSELoss
                    sum of squares   + 2*sum b^2
                    mean of squares  + 0.5*sum b^2
degrees of freedom  1.333
status              CONVERGED: The solution is optimal to within the tolerance.
certificate         duality gap # of the null model's loss, KKT violation # of alpha_max, # rounds

feature      coefficient  per standard deviation
dose               2.000                   2.000
age               0.3333                  0.3333
(intercept)        10.00

No p-values: ridge shrinks its coefficients towards zero on purpose, and the usual
standard errors say nothing about that bias.
"""

# Without features the log odds are log(3/5), the log of the mean is log(4.5).
LOGISTIC = """\
LogisticRegression: 0 of 2 features kept, 0.0 % of the deviance explained (8 rows)

model               log odds of 'yes' against 'no' = intercept + sum of coefficient times feature
alpha               0.5 at l1_ratio 1; alpha_max #, alpha/alpha_max #: at this strength every \
penalised coefficient is zero
in other words      glmnet          lambda=0.5, alpha=1
                    scikit-learn    LogisticRegression(C=0.25, l1_ratio=1, solver='saga')
                    statsmodels     GLM.fit_regularized(alpha=0.5, L1_wt=1)
                    Keras           l1=0.5, l2=0
                    torch           no weight_decay has an L1 part
                    sum of losses   + 4*sum |b|
                    mean of losses  + 0.5*sum |b|
                    for packages that do not scale: each column over its standard deviation
degrees of freedom  0
status              NULL_MODEL: Every penalised coefficient is zero: alpha is not below \
alpha_max. Choose a smaller alpha.
certificate         duality gap # of the null model's loss, KKT violation # of alpha_max, # rounds

feature      coefficient  per standard deviation
(intercept)      -0.5108
exactly zero: dose, age

No p-values: the same data chose the features and estimated their coefficients, which
are shrunk towards zero besides; the usual standard errors know of neither and would be
too small.
"""

# Shares of 1/2, 1/4 and 1/4: logarithms -0.6931 and -1.3863, less their mean of -1.1552.
THREE_CLASSES = """\
LogisticRegression: 0 of 2 features kept, 0.0 % of the deviance explained (8 rows)

model               log probability of each class, but for a number common to all = \
intercept + sum of coefficient times feature
alpha               0.6 at l1_ratio 0.5; alpha_max #, alpha/alpha_max #: at this strength every \
penalised coefficient is zero
in other words      glmnet          lambda=0.6, alpha=0.5
                    scikit-learn    LogisticRegression(C=0.208333, l1_ratio=0.5, solver='saga')
                    statsmodels     no MNLogit penalises all classes alike
                    Keras           l1=0.3, l2=0.15
                    torch           no weight_decay has an L1 part
                    sum of losses   + 2.4*sum |b| + 1.2*sum b^2
                    mean of losses  + 0.3*sum |b| + 0.15*sum b^2
                    for packages that do not scale: each column over its standard deviation
degrees of freedom  0
status              NULL_MODEL: Every penalised coefficient is zero: alpha is not below \
alpha_max. Choose a smaller alpha.
certificate         duality gap # of the null model's loss, KKT violation # of alpha_max, # rounds

coefficients per standard deviation of their feature, for each class:
feature         left    none    right
(intercept)  -0.2310  0.4621  -0.2310
exactly zero in every class: dose, age

No p-values: the same data chose the features and estimated their coefficients, which
are shrunk towards zero besides; the usual standard errors know of neither and would be
too small.
"""

POISSON = """\
PoissonRegressor: 2 of 2 features kept, 100.0 % of the deviance explained (4 rows)

model               log of the mean of y = intercept + sum of coefficient times feature
alpha               0 at l1_ratio 0
in other words      glmnet          lambda=0, alpha=0
                    scikit-learn    PoissonRegressor(alpha=0)
                    statsmodels     GLM.fit_regularized(alpha=0, L1_wt=1)
                    Keras           l1=0, l2=0
                    torch           SGD(weight_decay=0) with PoissonNLLLoss
                    sum of losses   no penalty
                    mean of losses  no penalty
                    for packages that do not scale: each column over its standard deviation
degrees of freedom  2
status              CONVERGED: The solution is optimal to within the tolerance.
certificate         duality gap not defined, KKT violation # of alpha_max, # rounds

feature      coefficient  per standard deviation
dose              0.6931                  0.6931
age               0.3466                  0.3466
(intercept)        1.040

No p-values: this package estimates and predicts; for tests without a penalty use
statsmodels' GLM.
"""

CROSS_VALIDATED = """\
ElasticNetCV: # of # features kept, # % of the deviance explained (# rows)

alpha               # at l1_ratio #; alpha_max #, alpha/alpha_max #
in other words      glmnet           lambda=#, alpha=#
                    scikit-learn     ElasticNet(alpha=#, l1_ratio=#)
                    statsmodels      fit_regularized(alpha=#, L1_wt=#)
                    Spark            regParam=#, elasticNetParam=#
                    Keras            l1=#, l2=#
                    torch            no weight_decay has an L1 part
                    sum of squares   + #*sum |b| + #*sum b^2
                    mean of squares  + #*sum |b| + #*sum b^2
                    for packages that do not scale: each column over its standard deviation
cross-validation    # folds, rule 1se: mean squared error # +- # held out, # training
                    alpha_1se #
                    l1_ratio chosen from #, #
"""


def masked(summary: str) -> str:
    """Return a summary without the digits of its certificate, which are rounding."""
    gap = re.sub(r"gap \S+ of", "gap # of", summary)
    return re.sub(
        r"violation \S+ of alpha_max, \d+ rounds", "violation # of alpha_max, # rounds", gap
    )


def test_lasso() -> None:
    assert masked(shrinkage.Lasso(1.0).fit(X, Y).summary()) + "\n" == LASSO


def test_ridge() -> None:
    assert masked(shrinkage.Ridge(0.5, standardize=False).fit(X, Y).summary()) + "\n" == RIDGE


def test_logistic() -> None:
    data, y = pd.concat([X, X]), ["no", "no", "yes", "no", "no", "yes", "yes", "no"]
    text = masked(shrinkage.LogisticRegression(0.5, 1.0).fit(data, y).summary())
    text = re.sub(
        r"alpha_max \d\S+, alpha/alpha_max \d\S*:", "alpha_max #, alpha/alpha_max #:", text
    )
    assert text + "\n" == LOGISTIC


def test_three_classes() -> None:
    data, y = pd.concat([X, X]), ["none", "left", "none", "right", "left", "none", "right", "none"]
    text = masked(shrinkage.LogisticRegression(0.6, 0.5).fit(data, y).summary())
    text = re.sub(
        r"alpha_max \d\S+, alpha/alpha_max \d\S*:", "alpha_max #, alpha/alpha_max #:", text
    )
    assert text + "\n" == THREE_CLASSES


def test_poisson() -> None:
    y = np.exp(1.5 * np.log(2.0) + X["dose"] * np.log(2.0) + X["age"] * np.log(2.0) / 2.0)
    assert masked(shrinkage.PoissonRegressor(0.0).fit(X, y).summary()) + "\n" == POISSON


def test_cross_validation() -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, 5))
    y = data @ [2.0, 1.0, 0.0, 0.0, 0.0] + rng.normal(size=60)
    model = shrinkage.ElasticNetCV(20, l1_ratio=[0.2, 0.8], rule="1se").fit(data, y)
    head = model.summary().split("degrees of freedom")[0]
    assert re.sub(r"(?<![\w|])\d[\d.e+-]*\d|(?<![\w|^])\d(?!se)", "#", head) == CROSS_VALIDATED


def test_the_null_model_says_alpha_max() -> None:
    text = shrinkage.Lasso(5.0).fit(X, Y).summary()
    assert "alpha_max 3, alpha/alpha_max 1.667: at this strength every penalised" in text
    assert "NULL_MODEL: Every penalised coefficient is zero" in text


def test_an_unpenalised_fit_says_where_to_find_tests() -> None:
    assert "statsmodels' OLS" in shrinkage.Lasso(0.0).fit(X, Y).summary()


def test_a_long_list_is_cut() -> None:
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(200, 40))
    text = shrinkage.Ridge(0.5).fit(wide, wide.sum(axis=1)).summary()
    assert "... and 10 smaller ones: coef_table() has all" in text
    nothing = shrinkage.Lasso(1e9).fit(wide, wide.sum(axis=1)).summary()
    assert "x29 and 10 more" in nothing


def test_names_cannot_command_a_terminal() -> None:
    frame = X.rename(columns={"age": "\x1b[31mage", "dose": "\x1b[2Jdose"})
    assert "\x1b" not in shrinkage.Lasso(1.0).fit(frame, Y).summary()
