/*
 * Running a program of the build as a person would: arguments, environment and stdin in, exit
 * status, stdout and stderr out. Programs are looked for beside the running test: BUILD/leat for
 * BUILD/tests/tools/test_cli.
 *
 * on: one thread.
 */
#ifndef LT_TESTS_PROGRAM_H
#define LT_TESTS_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROGRAM_OUTPUT_SIZE = 65536, PROGRAM_ARGUMENTS_MAX = 64 };

struct program {
    pid_t pid;
    int out_fd, err_fd;
    int status; /* exit status; 1000 + the signal that ended it */
    char out[PROGRAM_OUTPUT_SIZE], err[PROGRAM_OUTPUT_SIZE];
};

/* Starts BUILD/`name` with `arguments` (ended by NULL, the program's name not among them).
 * `environment`: NULL, or "NAME=VALUE" texts ended by NULL, added to a PATH and nothing else.
 * `input`: what stdin holds; NULL: nothing. */
void program_start(struct program *program, const char *name, const char *const *arguments,
                   const char *const *environment, const char *input);
/* Starts it on a terminal of its own, which is its stdout and stderr; `err` gathers what is written
 * there. stdin holds nothing. */
void program_start_on_terminal(struct program *program, const char *name,
                               const char *const *arguments);
/* Waits for its end, at most `seconds` (then it is killed and the test fails). */
void program_wait(struct program *program, int seconds);
/* Waits until stderr holds `text`, at most `seconds`. */
void program_wait_for_error(struct program *program, const char *text, int seconds);
/* Waits until what it has printed `is_enough`, at most `seconds`; `what` names that if it is not.
 */
void program_wait_until(struct program *program, bool is_enough(const struct program *),
                        const char *what, int seconds);
/* Waits until the program has a handler of its own for a signal, at most a minute. */
void program_wait_for_handler(const struct program *program, int signal);

/* Starts and waits. */
void program_run(struct program *program, const char *name, const char *const *arguments,
                 const char *const *environment, const char *input);
/* Runs the program and expects it to say only `text`, on stderr, and to exit with 2. */
void program_expect_usage(struct program *program, const char *name, const char *const *arguments,
                          const char *text);
/* Runs it with a configuration file that holds `text`, as `--config FILE` behind the arguments. In
 * what it printed the file is called FILE, so that texts can be compared. */
void program_run_config(struct program *program, const char *name, const char *text,
                        const char *const *arguments, const char *const *environment);
#define PROGRAM_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

void assert_contains(const char *text, const char *part);
void assert_lacks(const char *text, const char *part);

#endif
