/*
 * What `make install` leaves behind is enough: each example compiles with nothing but pkg-config's
 * flags, in C and in C++, against the shared and the static library, and does what it says. (What
 * the relay does to records needs a broker: tests/relay/test_example.sh.)
 *
 * Run from the project's folder; it installs what was built beside this program into a folder of
 * its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/scratch.h"

enum { COMMAND_MAX = 4096 };

static char folder[SCRATCH_PATH_SIZE];

/* A build with a sanitizer makes libraries that no plain program can be linked with. */
static bool is_sanitized(void)
{
#ifdef LT_DEBUG
    return true;
#else
    return false;
#endif
}

/* Runs a command of the shell; its output is shown when it fails. */
static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...)
{
    char command[COMMAND_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size_bytes = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    assert_true(size_bytes > 0 && size_bytes < COMMAND_MAX);
    return system(command); /* the commands are this file's own */
}

static void find_build(char out[COMMAND_MAX])
{
    static const char own[] = "/tests/core/test_install";
    ssize_t size_bytes = readlink("/proc/self/exe", out, COMMAND_MAX - 1);
    assert_true(size_bytes > (ssize_t)sizeof own);
    out[(size_t)size_bytes - (sizeof own - 1)] = '\0';
}

static int install(void **state)
{
    (void)state;
    char build[COMMAND_MAX], value[COMMAND_MAX];
    if (is_sanitized())
        return 0;
    scratch_create(folder);
    find_build(build);
    if (shell("env -u MAKEFLAGS -u MAKELEVEL make -s BUILD='%s' DESTDIR='%s' PREFIX=/usr/local "
              "install > /dev/null",
              build, folder) != 0)
        return -1;
    snprintf(value, sizeof value, "%s/usr/local/lib/pkgconfig", folder);
    setenv("PKG_CONFIG_PATH", value, 1);
    setenv("PKG_CONFIG_SYSROOT_DIR", folder, 1);
    snprintf(value, sizeof value, "%s/usr/local/lib", folder);
    setenv("LD_LIBRARY_PATH", value, 1);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    if (!is_sanitized())
        scratch_remove(folder);
    return 0;
}

static void skip_if_sanitized(void)
{
    if (is_sanitized())
        skip();
}

static void compile_c(const char *example)
{
    assert_int_equal(shell("cc -std=c11 -Wall -Wextra -Werror tools/examples/%s.c "
                           "$(pkg-config --cflags --libs leat) -o '%s/%s'",
                           example, folder, example),
                     0);
}

/* The same text is C++ as well. In C members that no initializer names are zero, in C++ they are,
 * too, but are warned about. */
static void compile_as_cpp(const char *example)
{
    assert_int_equal(shell("c++ -x c++ -std=c++17 -Wall -Wextra -Werror "
                           "-Wno-missing-field-initializers tools/examples/%s.c -x none "
                           "$(pkg-config --cflags --libs leat) -o '%s/%s-as-cpp'",
                           example, folder, example),
                     0);
}

static void the_filter_runs_in_c_and_as_cpp(void **state)
{
    (void)state;
    skip_if_sanitized();
    compile_c("filter");
    assert_int_equal(shell("'%s/filter' > /dev/null", folder), 0);
    compile_as_cpp("filter");
    assert_int_equal(shell("'%s/filter-as-cpp' > /dev/null", folder), 0);
}

static void the_filter_in_cpp_runs(void **state)
{
    (void)state;
    skip_if_sanitized();
    assert_int_equal(shell("c++ -std=c++17 -Wall -Wextra -Werror tools/examples/filter.cc "
                           "$(pkg-config --cflags --libs leat) -o '%s/filter-cpp'",
                           folder),
                     0);
    assert_int_equal(shell("'%s/filter-cpp' > /dev/null", folder), 0);
}

static void the_invoker_runs_in_c_and_as_cpp(void **state)
{
    (void)state;
    skip_if_sanitized();
    compile_c("invoker");
    assert_int_equal(shell("'%s/invoker' > /dev/null", folder), 0);
    compile_as_cpp("invoker");
    assert_int_equal(shell("'%s/invoker-as-cpp' > /dev/null", folder), 0);
}

static void the_relay_compiles_in_c_and_as_cpp_and_says_how_to_use_it(void **state)
{
    (void)state;
    skip_if_sanitized();
    compile_c("relay");
    assert_int_equal(shell("'%s/relay' 2>&1 | grep -q '^usage: relay BOOTSTRAP IN OUT'", folder),
                     0);
    compile_as_cpp("relay");
    assert_int_equal(
        shell("'%s/relay-as-cpp' 2>&1 | grep -q '^usage: relay BOOTSTRAP IN OUT'", folder), 0);
}

static void the_static_library_needs_no_shared_one(void **state)
{
    (void)state;
    skip_if_sanitized();
    assert_int_equal(shell("mkdir '%s/archive' && cp '%s/usr/local/lib/libleat.a' '%s/archive'",
                           folder, folder, folder),
                     0);
    assert_int_equal(shell("cc -std=c11 tools/examples/filter.c -L'%s/archive' "
                           "$(pkg-config --static --cflags --libs leat) -o '%s/filter-static'",
                           folder, folder),
                     0);
    assert_int_equal(shell("! ldd '%s/filter-static' | grep -q libleat", folder), 0);
    assert_int_equal(shell("'%s/filter-static' > /dev/null", folder), 0);
}

static void the_shared_library_shows_nothing_but_its_interface(void **state)
{
    (void)state;
    skip_if_sanitized();
    assert_int_equal(shell("! nm -D --defined-only '%s/usr/local/lib/libleat.so' | "
                           "grep -Ev ' leat_| LEAT_0' 1>&2",
                           folder),
                     0);
    assert_int_equal(
        shell("readelf -d '%s/usr/local/lib/libleat.so' | grep -q libleat.so.0", folder), 0);
}

static void the_headers_are_clean_in_strict_c_and_in_cpp(void **state)
{
    (void)state;
    skip_if_sanitized();
    assert_int_equal(shell("echo '#include <leat_admin.h>' | cc -xc -std=c11 -pedantic -Wall "
                           "-Wextra -Werror -fsyntax-only $(pkg-config --cflags leat) -"),
                     0);
    assert_int_equal(shell("echo '#include <leat_admin.h>' | c++ -xc++ -std=c++11 -pedantic -Wall "
                           "-Wextra -Werror -fsyntax-only $(pkg-config --cflags leat) -"),
                     0);
}

/* Every function of the headers is there: a declaration without a definition is found by linking.
 */
static void every_declared_function_is_in_the_library(void **state)
{
    (void)state;
    skip_if_sanitized();
    assert_int_equal(
        shell("cd '%s' && nm -D --defined-only usr/local/lib/libleat.so | sed 's/.* //;s/@.*//' | "
              "sort -u > there && cat usr/local/include/leat*.h | tr '\\n' ' ' | "
              "grep -o 'LEAT_API [^;]*;' | grep -o 'leat_[a-z0-9_]* *(' | tr -d ' (' | "
              "sort -u > declared && comm -23 declared there > missing && "
              "test -s declared && cat missing 1>&2 && test ! -s missing",
              folder),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filter_runs_in_c_and_as_cpp),
        cmocka_unit_test(the_filter_in_cpp_runs),
        cmocka_unit_test(the_invoker_runs_in_c_and_as_cpp),
        cmocka_unit_test(the_relay_compiles_in_c_and_as_cpp_and_says_how_to_use_it),
        cmocka_unit_test(the_static_library_needs_no_shared_one),
        cmocka_unit_test(the_shared_library_shows_nothing_but_its_interface),
        cmocka_unit_test(the_headers_are_clean_in_strict_c_and_in_cpp),
        cmocka_unit_test(every_declared_function_is_in_the_library),
    };
    return cmocka_run_group_tests(tests, install, remove_all);
}
