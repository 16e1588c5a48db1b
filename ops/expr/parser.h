/*
 * The parser's own state, shared by its files: parser.c (operators, lists), primary.c (what
 * operators stand between), parse_*.c and call_forms.c (calls of all kinds), literal*.c
 * (constants). Recursive descent with precedence climbing; every recursion goes through
 * lt_parse_expression() or lt_parse_unary(), which count the depth.
 *
 * Spark's grammar lets nearly every keyword be a name, so a keyword that cannot begin what it
 * normally begins is read as a name (`NOT` alone is a column).
 *
 * A function that returns NULL has set parser->error.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_PARSER_H
#define LT_OPS_EXPR_PARSER_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/flow/expression.h"
#include "core/text/datetime.h"
#include "ops/expr/lexer.h"

enum { LT_PARSE_AHEAD = 4 };

struct lt_parser {
    struct lt_lexer lexer;
    const char *text;
    struct lt_arena *arena;
    struct lt_error *error;
    struct lt_token tokens[LT_PARSE_AHEAD]; /* the next one and those after it */
    uint32_t last_end;                      /* where the last token taken ended */
    uint32_t minus_begin_plus_1; /* where the sign of a number that is next stands; 0: none */
    unsigned depth;
    /* Inside a statement: tells a word that goes on with the statement from an alias. NULL: a text
     * of its own, in which any word behind an expression is its alias. */
    bool (*ends_item)(const struct lt_parser *parser);
    /* Inside a statement: takes the query that is next. NULL: no query can stand in an expression.
     */
    bool (*take_query)(struct lt_parser *parser);
};

void lt_parser_init(struct lt_parser *parser, const char *text, struct lt_arena *arena,
                    struct lt_error *error);
/* Parses the bytes from `begin` to `end`; places are those of the whole text. */
void lt_parser_init_part(struct lt_parser *parser, const char *text, uint32_t begin, uint32_t end,
                         struct lt_arena *arena, struct lt_error *error);

/* Tokens. */
static inline const struct lt_token *lt_parser_peek(const struct lt_parser *parser, unsigned ahead)
{
    return &parser->tokens[ahead];
}
struct lt_token lt_parser_take(struct lt_parser *parser);
bool lt_parser_is_symbol(const struct lt_parser *parser, unsigned ahead, int symbol);
bool lt_parser_is_word(const struct lt_parser *parser, unsigned ahead, const char *word);
/* Takes the symbol or word if it is next. */
bool lt_parser_try_symbol(struct lt_parser *parser, int symbol);
bool lt_parser_try_word(struct lt_parser *parser, const char *word);
/* Takes the symbol, or fails: "missing ')'". */
bool lt_parser_expect(struct lt_parser *parser, int symbol, const char *shown);
bool lt_parser_expect_word(struct lt_parser *parser, const char *word);
/* The text of a WORD or QUOTED token, without back-ticks. */
const char *lt_parser_name(struct lt_parser *parser, const struct lt_token *token);

/* PARSE_SYNTAX_ERROR at the next token, or at its end of text. Returns NULL. */
void *lt_parser_fail(struct lt_parser *parser, const char *what);
/* Any other refusal, at a place. Returns NULL. */
void *lt_parser_refuse(struct lt_parser *parser, int code, const char *condition,
                       const char *sqlstate, uint32_t begin, uint32_t end, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
/* What a later part of the language brings. Returns NULL. */
void *lt_parser_later(struct lt_parser *parser, uint32_t begin, const char *what);

/* Nodes. */
struct lt_expression *lt_parser_node(struct lt_parser *parser, enum lt_expression_kind kind,
                                     uint32_t begin, uint32_t argument_count);
struct lt_expression *lt_parser_call(struct lt_parser *parser, const char *name, uint32_t begin,
                                     uint32_t argument_count);
struct lt_expression *lt_parser_call1(struct lt_parser *parser, const char *name, uint32_t begin,
                                      struct lt_expression *argument);
struct lt_expression *lt_parser_call2(struct lt_parser *parser, const char *name, uint32_t begin,
                                      struct lt_expression *a, struct lt_expression *b);
struct lt_expression *lt_parser_cast(struct lt_parser *parser, struct lt_expression *operand,
                                     const struct lt_type *target, uint32_t begin);

/* A list that grows, then becomes a node's arguments. */
struct lt_parser_items {
    struct lt_expression **items;
    uint32_t count, capacity;
};
void lt_parser_push(struct lt_parser *parser, struct lt_parser_items *items,
                    struct lt_expression *item);

struct lt_expression *lt_parse_expression(struct lt_parser *parser);
/* A name of one part, which is next: a word, or IDENTIFIER(text). */
const char *lt_parse_name(struct lt_parser *parser);
/* An expression with an alias, or a star. */
struct lt_expression *lt_parse_named(struct lt_parser *parser);
/* A star, which is next; `base` and its dotted name: of name.*, else NULL. */
struct lt_expression *lt_parse_star(struct lt_parser *parser, struct lt_expression *base,
                                    const char *name);
/* Whether later walks over the tree are bounded; else parser->error says so. `*budget` counts down
 * from LT_PARSE_NODES over all the trees of a text. */
enum { LT_PARSE_NODES = 100000 }; /* more than anyone writes, few enough to walk at once */
bool lt_parse_check_size(struct lt_parser *parser, const struct lt_expression *node,
                         unsigned *budget);
/* Without AND, OR, NOT and the predicates (IN, LIKE, ...). */
struct lt_expression *lt_parse_value(struct lt_parser *parser);
struct lt_expression *lt_parse_unary(struct lt_parser *parser);
struct lt_expression *lt_parse_primary(struct lt_parser *parser);
/* Can the next token begin an operand? */
bool lt_parser_begins_operand(const struct lt_parser *parser, unsigned ahead);

/* Constants; the token is next. */
struct lt_expression *lt_parse_number(struct lt_parser *parser, bool is_negative, uint32_t begin);
struct lt_expression *lt_parse_string(struct lt_parser *parser);
/* The string at hand alone, where another one stands behind it. */
struct lt_expression *lt_parse_one_string(struct lt_parser *parser);
struct lt_expression *lt_parse_typed_literal(struct lt_parser *parser);
/* The value of a typed literal; its LITERAL node has the text as its name. */
bool lt_literal_time(struct lt_datetime_context *context, enum lt_type_kind kind,
                     const struct lt_bytes *text, union lt_value *out);
struct lt_expression *lt_parser_boolean(struct lt_parser *parser, bool value, uint32_t begin);
struct lt_expression *lt_parser_null(struct lt_parser *parser, uint32_t begin);
/* INTERVAL ..., that word next (literal_interval.c). */
bool lt_parser_is_interval(const struct lt_parser *parser);
struct lt_expression *lt_parse_interval(struct lt_parser *parser);
/* A call of what was written, the '(' next; a simple type's name is a cast (parse_call.c). */
struct lt_expression *lt_parse_call(struct lt_parser *parser, const char *written, uint32_t begin);
/* EXTRACT(field FROM source), behind the '(' (parse_time.c). */
bool lt_parser_is_extract(const struct lt_parser *parser, const char *name);
struct lt_expression *lt_parse_extract(struct lt_parser *parser, uint32_t begin);
/* The call, its first argument a text where it was the unit of TIMESTAMPADD or TIMESTAMPDIFF. */
struct lt_expression *lt_parser_unit_call(struct lt_parser *parser, struct lt_expression *call);
/* An argument, `name => value` among them (call_forms.c). */
struct lt_expression *lt_parse_argument(struct lt_parser *parser);
/* The call with the arguments that have names at their places. */
struct lt_expression *lt_parser_named_call(struct lt_parser *parser, struct lt_expression *call);
/* The call, or what it stands for: when(...), between(...). */
struct lt_expression *lt_parser_call_form(struct lt_parser *parser, struct lt_expression *call);
struct lt_expression *lt_parser_between(struct lt_parser *parser, uint32_t begin,
                                        struct lt_expression *value, struct lt_expression *low,
                                        struct lt_expression *high);
/* WITHIN GROUP (...), FILTER (WHERE ...), IGNORE NULLS, RESPECT NULLS, OVER (...) or OVER name
 * behind a call (parse_over.c). */
bool lt_parser_is_over(const struct lt_parser *parser, const struct lt_expression *base);
struct lt_expression *lt_parse_over(struct lt_parser *parser, struct lt_expression *base);
/* (PARTITION BY ... ORDER BY ... ROWS ...), the bracket next: what OVER gets behind its function.
 */
bool lt_parse_window(struct lt_parser *parser, struct lt_expression *over);
/* A query in brackets, the bracket taken: a call of `name` with `left` (or NULL), whose index is
 * where the query begins. */
bool lt_parser_begins_query(const struct lt_parser *parser, unsigned ahead);
struct lt_expression *lt_parse_subquery(struct lt_parser *parser, const char *name, uint32_t begin,
                                        struct lt_expression *left);
/* COLLATE name, behind `base`, that word next. */
struct lt_expression *lt_parse_collate(struct lt_parser *parser, struct lt_expression *base);
/* IDENTIFIER(text), a name given as a constant text (parse_identifier.c): the clause is next; its
 * name; a name of one part, or NULL; the column it is, or a call where '(' follows. */
enum { LT_NAME_PARTS_MAX = 16 };
struct lt_name_parts {
    const char *parts[LT_NAME_PARTS_MAX];
    uint32_t count;
};
bool lt_parser_is_identifier_clause(const struct lt_parser *parser);
bool lt_parse_identifier_clause(struct lt_parser *parser, struct lt_name_parts *out);
const char *lt_parse_identifier_part(struct lt_parser *parser);
struct lt_expression *lt_parse_identifier_value(struct lt_parser *parser);
/* INVALID_IDENTIFIER: a name such as a-b without back-ticks. Returns NULL. */
void *lt_parser_refuse_hyphen(struct lt_parser *parser, uint32_t begin, uint32_t end,
                              const char *name);
/* A type; in CAST(x AS type) its end is a bracket. NULL: failed. */
const struct lt_type *lt_parse_type(struct lt_parser *parser, bool is_cast);

#endif
