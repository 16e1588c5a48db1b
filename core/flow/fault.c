/*
 * Faults are made where a record fails, which is not the record path: they may allocate.
 */
#include "core/flow/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"

/* Copies as much as fits; what a fault names is for people, and a cut name still names. */
static void copy_text(char *to, size_t to_size, const char *from)
{
    int wanted = snprintf(to, to_size, "%s", from != NULL ? from : "");
    lt_assert(wanted >= 0);
}

/* The text goes into one header value and one log line. */
static void make_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n' || *text == '\r')
            *text = ' ';
    }
}

struct lt_fault *lt_fault_create(const char *stage, const char *condition, const char *sqlstate,
                                 const char *format, ...)
{
    struct lt_fault *fault = lt_alloc(sizeof *fault);
    copy_text(fault->stage, sizeof fault->stage, stage);
    copy_text(fault->condition, sizeof fault->condition, condition);
    copy_text(fault->sqlstate, sizeof fault->sqlstate, sqlstate);
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    lt_assert(wanted >= 0);
    make_one_line(fault->text);
    return fault;
}

void lt_fault_destroy(struct lt_fault *fault)
{
    free(fault);
}
