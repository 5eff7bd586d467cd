"""Classify tumours, say how sure the model is, and which measurements it needs.

    python examples/classification.py

The breast cancer table of scikit-learn: 30 measurements of the nuclei of cells. The strength of
the penalty and the share of L1 are chosen by cross-validation on the rows to fit to; the rows to
test on are looked at once, at the end.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import confusion_matrix, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split

from shrinkage import LogisticRegressionCV

data = load_breast_cancer(as_frame=True)
diagnosis = np.where(data.target == 0, "malignant", "benign")
X_train, X_test, y_train, y_test = train_test_split(
    data.data, diagnosis, random_state=0, stratify=diagnosis
)

# Columns are standardized inside, in every fold for itself: no scaler is needed. Folds with the
# shares of the classes of all rows come from scikit-learn.
model = LogisticRegressionCV(
    l1_ratio=[0.0, 0.1, 0.5, 1.0], cv=StratifiedKFold(10, shuffle=True, random_state=0)
)
model.fit(X_train, y_train)
print(f"l1_ratio {model.l1_ratio_}, alpha {model.alpha_:.4f}, status {model.status_.name}")
print(f"Duality gap, an upper bound on what is missing to the optimum: {model.dual_gap_:.0e}\n")

# The 1se rule: the sparsest model that the folds can't tell from the best one.
sparse = LogisticRegressionCV(l1_ratio=1.0, rule="1se").fit(X_train, y_train)
odds_ratio = np.exp(sparse.coef_[0] * X_train.std(ddof=0))
print(f"The lasso by the 1se rule keeps {np.count_nonzero(sparse.coef_)} of {len(odds_ratio)}.")
print("Odds of malignant, times so much for each standard deviation more:")
for j in np.argsort(-np.abs(sparse.coef_[0] * X_train.std(ddof=0)))[:5]:
    print(f"  {X_train.columns[j]:22}{odds_ratio.iloc[j]:6.2f}")

print(f"\n{'':24}{'AUC':>8}{'log loss':>10}{'wrong':>7}")
for name, fitted in (("all that it chose from", model), ("lasso, 1se rule", sparse)):
    area = roc_auc_score(y_test == "malignant", fitted.decision_function(X_test))
    said = fitted.predict_log_proba(X_test)[np.arange(len(y_test)), (y_test == "malignant") * 1]
    wrong = np.count_nonzero(fitted.predict(X_test) != y_test)
    print(f"{name:24}{area:8.3f}{-said.mean():10.3f}{wrong:4} of {len(y_test)}")

# A missed tumour is worse than a false alarm: say malignant at a lower probability.
for limit in (0.5, 0.2):
    said = np.where(model.predict_proba(X_test)[:, 1] > limit, "malignant", "benign")
    (_, alarms), (missed, _) = confusion_matrix(y_test, said)
    print(f"malignant from probability {limit}: {missed} missed, {alarms} false alarms")
print(f"\nAccuracy on test rows: {model.score(X_test, y_test):.3f}")
