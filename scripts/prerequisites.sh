#!/bin/sh
# Names everything that a build needs and this machine lacks, before anything starts.
PYTHON=${PYTHON:-python3}
CXX=${CXX:-c++}
problems=""
packages=""

missing() { # what, Debian package
    problems="$problems
  - $1"
    packages="$packages $2"
}

if ! command -v "$PYTHON" >/dev/null 2>&1; then
    missing "Python 3.11 or newer (no '$PYTHON' here)" "python3 python3-venv python3-dev"
elif ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    missing "Python 3.11 or newer ('$PYTHON' is $("$PYTHON" -V 2>&1)); name another: make PYTHON=python3.12" "python3"
else
    "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || missing "Python's venv module" python3-venv
    "$PYTHON" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        missing "Python's C headers (Python.h)" python3-dev
fi

try=$(mktemp -d)
trap 'rm -rf "$try"' EXIT
printf '#include <concepts>\n#include <span>\ntemplate <std::integral T> T f(T x) { return x; }\nint main() { return f(0); }\n' >"$try/try.cpp"
if ! command -v "$CXX" >/dev/null 2>&1; then
    missing "a C++20 compiler (no '$CXX' here)" g++
elif ! "$CXX" -std=c++20 "$try/try.cpp" -o "$try/try" 2>/dev/null; then
    missing "a compiler that knows C++20 ('$CXX' does not); name another: make CXX=g++-12" "g++"
fi

if [ -n "$problems" ]; then
    echo "shrinkage can't be built here. Missing:$problems" >&2
    echo "On Debian or Ubuntu: sudo apt-get install$packages" >&2
    exit 1
fi
