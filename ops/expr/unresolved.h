/*
 * Names that nothing bears, or several do: Spark's conditions with Spark's texts, the names in
 * back-ticks, those that come nearest first. Expressions and statements say them alike.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_UNRESOLVED_H
#define LT_OPS_EXPR_UNRESOLVED_H

#include "core/base/arena.h"
#include "core/data/type.h"
#include "ops/expr/diagnose.h"

/* A name of several parts: "`s`.`value`". Parts are quoted whatever they hold. */
const char *lt_name_quoted(const char *const *parts, uint32_t count, struct lt_arena *arena);
/* The same of one part. */
const char *lt_name_quoted_one(const char *name, struct lt_arena *arena);

/* "`a`, `b`": names of one part each. */
const char *lt_name_list(const char *const *names, uint32_t count, struct lt_arena *arena);
/* The same of the fields of a struct. */
const char *lt_field_list(const struct lt_type *type, struct lt_arena *arena);

/* Quoted names in the order in which Spark looks at columns: by their last parts. */
void lt_sort_names(const char **names, uint32_t count);
/* UNRESOLVED_COLUMN: `name` is quoted, `written` the same as it was written; `known` are the quoted
 * names of the columns that there are, maybe none. They are put in the order of their distance from
 * `written`. Returns LT_E_ANALYSIS. */
int lt_refuse_column(struct lt_error *error, struct lt_expr_place place, const char *name,
                     const char *written, const char **known, uint32_t count,
                     struct lt_arena *arena);
/* AMBIGUOUS_REFERENCE: `name` and the columns that bear it, quoted. */
int lt_refuse_ambiguous(struct lt_error *error, struct lt_expr_place place, const char *name,
                        const char *const *bearers, uint32_t count, struct lt_arena *arena);
/* CANNOT_RESOLVE_STAR_EXPAND: name.* where `name` is none of the columns of `schema` (NULL: there
 * are none). Returns LT_E_ANALYSIS. */
int lt_refuse_star_base(struct lt_error *error, struct lt_expr_place place, const char *name,
                        const struct lt_type *schema, struct lt_arena *arena);
/* ROUTINE_NOT_FOUND: as Spark says it where only a routine of a schema could be meant. */
int lt_refuse_unknown_routine(struct lt_error *error, struct lt_expr_place place, const char *name,
                              struct lt_arena *arena);
/* The name of the call that begins at the place, in the letters it was written with; `name` where
 * it is not found there. In the arena. */
const char *lt_name_written(struct lt_expr_place place, const char *name, struct lt_arena *arena);
/* UNRESOLVED_ROUTINE, of a name as the call has it; `near`: a function that may be meant, or NULL.
 */
int lt_refuse_routine(struct lt_error *error, struct lt_expr_place place, const char *name,
                      const char *near, struct lt_arena *arena);

#endif
