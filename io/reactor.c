/*
 * The ladder: which reactor a worker gets, and what is said about it.
 */
#include "io/reactor.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/nearest.h"
#include "core/base/shared.h"

static const char refused_hint[] =
    "; hint: containers allow io_uring with --security-opt seccomp=..., the kernel with "
    "kernel.io_uring_disabled=0";

/* Every worker climbs the same ladder; once is enough to say where it ended. */
static bool is_first_to_say(void)
{
    static struct lt_shared_u32 said;
    return lt_add_u32(&said, 1) == 0;
}

/* The highest rung the kernel gives; *rung is LT_URING_RUNG_COUNT and `error` set if it gives none.
 */
static int create_uring(const struct lt_reactor_options *options, struct lt_reactor **out,
                        enum lt_uring_rung *rung, struct lt_error *error)
{
    int code = 0;
    for (*rung = 0; *rung < LT_URING_RUNG_COUNT; (*rung)++) {
        code = lt_uring_create(*rung, options, out, error);
        if (code == 0)
            return 0;
    }
    return code;
}

static int create_auto(const struct lt_reactor_options *options, struct lt_reactor **out,
                       struct lt_error *error)
{
    struct lt_error reason;
    lt_error_clear(&reason);
    enum lt_uring_rung rung;
    if (create_uring(options, out, &rung, &reason) == 0) {
        if (is_first_to_say())
            lt_log_info("input and output through %s", lt_uring_rung_name(rung));
        return 0;
    }
    int code = lt_epoll_create(options, out, error);
    if (code == 0 && is_first_to_say())
        lt_log_warn("input and output through epoll: %s%s", reason.text, refused_hint);
    return code;
}

static int unknown_choice(const char *choice, struct lt_error *error)
{
    const char *names[LT_URING_RUNG_COUNT + 3] = {"auto", "io_uring", "epoll"};
    for (enum lt_uring_rung rung = 0; rung < LT_URING_RUNG_COUNT; rung++)
        names[3 + rung] = lt_uring_rung_name(rung);
    const char *near = lt_nearest(choice, names, LT_URING_RUNG_COUNT + 3);
    return lt_error_set(
        error, LT_E_INVALID, "no way of input and output is called \"%s\"; hint: %s%s", choice,
        near != NULL ? "did you mean " : "auto, io_uring or epoll", near != NULL ? near : "");
}

int lt_reactor_create(const struct lt_reactor_options *options, struct lt_reactor **out,
                      struct lt_error *error)
{
    *out = NULL;
    const char *choice = options->choice != NULL ? options->choice : "auto";
    if (strcmp(choice, "auto") == 0)
        return create_auto(options, out, error);
    int code;
    if (strcmp(choice, "epoll") == 0) {
        code = lt_epoll_create(options, out, error);
    } else if (strcmp(choice, "io_uring") == 0) {
        enum lt_uring_rung rung;
        code = create_uring(options, out, &rung, error);
    } else {
        enum lt_uring_rung rung = 0;
        while (rung < LT_URING_RUNG_COUNT && strcmp(choice, lt_uring_rung_name(rung)) != 0)
            rung++;
        if (rung == LT_URING_RUNG_COUNT)
            return unknown_choice(choice, error);
        code = lt_uring_create(rung, options, out, error);
    }
    if (code != 0)
        return lt_error_append(error, "cannot use \"%s\" for input and output", choice);
    if (is_first_to_say())
        lt_log_info("input and output through %s, as asked", choice);
    return 0;
}
