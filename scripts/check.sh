#!/usr/bin/env bash
# The slow checks: sanitizers, fuzzing, the long stress test, the oldest scikit-learn, packaging.
# CASES=100000 fuzzes and PROBLEMS=60000 stresses more than CI does.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=$(realpath -s "${PYTHON:-.venv/bin/python}")
export PATH="$(dirname "$PYTHON"):$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { echo; echo "== $1"; }

step "core under the address and undefined-behaviour sanitizers"
cmake -S . -B "$work/sanitized" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="-O1 -g1" \
    -DSHRINKAGE_MODULE=OFF -DSHRINKAGE_TESTS=ON -DSHRINKAGE_SANITIZE=ON -DSHRINKAGE_WERROR=ON >/dev/null
ninja -C "$work/sanitized" >/dev/null
ctest --test-dir "$work/sanitized" --output-on-failure

step "fuzzing the core: ${CASES:-10000} cases"
"$work/sanitized/fuzz_plans" 0 "${CASES:-10000}"
"$work/sanitized/fuzz_active_set" 0 $((${CASES:-10000} / 10))  # slower: its judge has more digits

step "the long tests"
"$PYTHON" -m pytest -m long

step "sdist and wheel, in an empty environment"
"$PYTHON" -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
size=$(stat -c %s "$work"/dist/*.tar.gz)
[ "$size" -lt 2000000 ] || { echo "the sdist has $size bytes; 2 MB is the limit"; exit 1; }
"$PYTHON" -m venv "$work/empty"
"$work/empty/bin/python" -m pip install --quiet "$work"/dist/*.whl
(cd "$work" && empty/bin/python - <<'END'
import sys

import numpy as np

import shrinkage

optional = {"matplotlib", "pandas", "polars", "pyarrow", "rich"} & set(sys.modules)
assert not optional, f"importing shrinkage imports {optional}"
X = np.random.default_rng(0).normal(size=(60, 5))
path = shrinkage.elastic_net_path(X, X[:, 0] - X[:, 1])
assert path.dual_gap.max() <= 1e-9
END
    empty/bin/shrinkage --version)

step "the oldest scikit-learn, and shap"
"$PYTHON" -m venv "$work/oldest"
"$work/oldest/bin/python" -m pip install --quiet "$(ls "$work"/dist/*.whl)[cli,plot]" \
    "scikit-learn==1.6.*" "numpy<2.3" "scipy<1.16" pytest hypothesis pandas polars jsonschema statsmodels shap
"$work/oldest/bin/python" -m pytest

echo
echo "all checks passed"
