/*
 * What was chosen for a run and why, in words for people: source, sinks, guarantee, lanes, stages,
 * CPUs, idle strategy, checkpoint. Several lines; a text that is kept, since the run may be over
 * when somebody asks.
 *
 * on: the control thread, when the run begins.
 */
#ifndef LT_RUN_EXPLAIN_H
#define LT_RUN_EXPLAIN_H

#include "core/run/assembly.h"

void lt_explain_assembly(const struct lt_assembly *assembly, struct lt_text_buffer *out);

#endif
