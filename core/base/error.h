/*
 * Errors of the control plane: a negative code, a class that says what happens next, and a text
 * that reads from intent to cause.
 *
 * A function that can fail takes a `struct lt_error *` last and returns 0 or a negative code. The
 * leaf that notices the fault calls lt_error_set(); each caller on the way up may call
 * lt_error_append() with what *it* was trying to do, which is put in front:
 *
 *     cannot start query "q": source kafka "orders": partition 3: offset 991 is gone; hint: ...
 *
 * Errors that Spark has too also carry Spark's condition and SQLSTATE, so that a user can look them
 * up.
 *
 * The record path does not use this: it returns small enums and counts (core/flow/operator.h), and
 * a record that fails carries a `struct lt_fault`.
 *
 * on: any thread; an lt_error belongs to whoever passes it down.
 */
#ifndef LT_BASE_ERROR_H
#define LT_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/* name, number, short text. The numbers are public (leat.h) and never change. */
#define LT_ERROR_MAP(XX)                                                                           \
    XX(INVALID, -1, "invalid argument or option")                                                  \
    XX(PARSE, -2, "text does not parse")                                                           \
    XX(ANALYSIS, -3, "query does not analyse")                                                     \
    XX(NOT_FOUND, -4, "no such object")                                                            \
    XX(EXISTS, -5, "object exists already")                                                        \
    XX(BUSY, -6, "in use by another")                                                              \
    XX(IO, -7, "input or output failed")                                                           \
    XX(CORRUPT, -8, "stored data is damaged")                                                      \
    XX(TIMEOUT, -9, "took too long")                                                               \
    XX(NO_MEMORY, -10, "out of memory")                                                            \
    XX(LIMIT, -11, "over a limit")                                                                 \
    XX(UNSUPPORTED, -12, "not supported")                                                          \
    XX(STATE, -13, "not possible in this state")                                                   \
    XX(DATA_LOSS, -14, "data would be lost")                                                       \
    XX(RECORD, -15, "a record could not be processed")                                             \
    XX(PERMISSION, -16, "not permitted")                                                           \
    XX(CANCELLED, -17, "stopped by request")                                                       \
    XX(INTERNAL, -18, "a defect of leat")                                                          \
    XX(CHECKPOINT, -19, "the checkpoint cannot be used")

enum lt_error_code {
    LT_OK = 0,
#define LT_ERROR_ENUM(name, number, text) LT_E_##name = (number),
    LT_ERROR_MAP(LT_ERROR_ENUM)
#undef LT_ERROR_ENUM
};

/* What the one who receives the error may do about it, as the leaf sees it. The query stops with
 * each of them; whoever runs it may start it again after RETRY and ABORT_EPOCH, when it goes on
 * from its last committed epoch: the command line does. */
enum lt_error_class {
    LT_CLASS_FAIL_QUERY,  /* stop the query with this error: the default */
    LT_CLASS_RETRY,       /* try the same step again */
    LT_CLASS_ABORT_EPOCH, /* go back to the last committed epoch and run on */
    LT_CLASS_FATAL,       /* the process cannot go on */
};

enum {
    LT_ERROR_TEXT_MAX = 2048, /* holds five levels of intent and an expression with its caret */
    LT_ERROR_CONDITION_MAX = 96,
};

struct lt_error {
    int code;
    enum lt_error_class class;
    char condition[LT_ERROR_CONDITION_MAX]; /* Spark's, such as "UNRESOLVED_COLUMN.WITH_SUGGESTION";
                                               or "" */
    char sqlstate[6];                       /* "42703"; or "" */
    /* Where in a text that was parsed: its line from 1, the character in it from 0; line 0:
     * nowhere.
     */
    unsigned line, position;
    char text[LT_ERROR_TEXT_MAX];
};

/* Clears `error` to "no error". */
void lt_error_clear(struct lt_error *error);

/* Starts an error: code (negative), class FAIL_QUERY, no condition. Returns `code`. Wherever an
 * error is passed it may be NULL: the code is returned as always, and the text goes nowhere. */
int lt_error_set(struct lt_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As lt_error_set, with errno's text appended after ": ". `error_number` is a positive errno;
 * ENOENT gives NOT_FOUND, EACCES gives PERMISSION and so on, what has no code of its own gives IO.
 */
int lt_error_set_errno(struct lt_error *error, int error_number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts what we were trying to do in front of the text: "<intent>: <text so far>". Who has said it
 * already is not repeated: the owner of a thing and its caller may both name it. Returns the code.
 */
int lt_error_append(struct lt_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Names Spark's condition for this error. Returns the code. `sqlstate` may be NULL. */
int lt_error_condition(struct lt_error *error, const char *condition, const char *sqlstate);

/* Says where in a text the fault is. Returns the code. */
int lt_error_place(struct lt_error *error, unsigned line, unsigned position);

/* Sets the class. Returns the code. */
int lt_error_class(struct lt_error *error, enum lt_error_class class);

/* The name of a code ("NOT_FOUND") and its short text. Never NULL. */
const char *lt_error_code_name(int code);
const char *lt_error_code_text(int code);

/*
 * Assertions. lt_assert stays in every build: control plane, epoch protocol, data on disk.
 * lt_debug_assert is for the record path and is compiled in with -DLT_DEBUG (sanitizer builds).
 */
_Noreturn void lt_assert_failed(const char *condition, const char *file, int line);
#define lt_assert(condition)                                                                       \
    (__builtin_expect(!!(condition), 1) ? (void)0                                                  \
                                        : lt_assert_failed(#condition, __FILE__, __LINE__))
#ifdef LT_DEBUG
#define lt_debug_assert(condition) lt_assert(condition)
#else
#define lt_debug_assert(condition) ((void)0)
#endif

#define LT_MUST_USE __attribute__((warn_unused_result))
#define lt_likely(x) __builtin_expect(!!(x), 1)
#define lt_unlikely(x) __builtin_expect(!!(x), 0)

#endif
