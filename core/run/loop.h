/*
 * A query that reads what it writes would never end, and fill the disk with the same rows again and
 * again: it is refused before anything is opened.
 */
#ifndef LT_RUN_LOOP_H
#define LT_RUN_LOOP_H

#include "core/base/error.h"
#include "core/flow/plan.h"

/* LT_E_INVALID if the option `path` of `write` names what the option `path` of `read` names, a file
 * that its pattern matches, or a file in its directory. Connectors without that option, and what is
 * no file and no directory, pass. It looks at the file system. on: any thread. */
int lt_loop_check(const struct lt_plan_node *read, const struct lt_plan_node *write,
                  struct lt_error *error) LT_MUST_USE;

#endif
