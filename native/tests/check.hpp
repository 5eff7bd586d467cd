#pragma once
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/// A test framework of forty lines: TEST(name) { CHECK(...); } and a main in check_main.cpp.
namespace check {

struct Test {
    const char* name;
    std::function<void()> body;
};

inline std::vector<Test>& tests() {
    static std::vector<Test> all;
    return all;
}

inline int& failures() {
    static int count = 0;
    return count;
}

struct Registration {
    Registration(const char* name, std::function<void()> body) {
        tests().push_back({name, std::move(body)});
    }
};

inline void fail(const char* file, int line, const std::string& what) {
    ++failures();
    std::printf("%s:%d: %s\n", file, line, what.c_str());
}

inline void close(const char* file, int line, const char* what, double got, double want,
                  double tolerance) {
    if (std::abs(got - want) <= tolerance) return;
    char text[256];
    std::snprintf(text, sizeof text, "%s is %.17g, not %.17g within %.1e", what, got, want,
                  tolerance);
    fail(file, line, text);
}

}  // namespace check

#define TEST(name)                                                 \
    static void name();                                            \
    static const check::Registration register_##name(#name, name); \
    static void name()
#define CHECK(condition) \
    if (!(condition)) check::fail(__FILE__, __LINE__, "not true: " #condition)
#define CHECK_CLOSE(got, want, tolerance) \
    check::close(__FILE__, __LINE__, #got, got, want, tolerance)
