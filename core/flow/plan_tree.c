/*
 * A tree is walked with the prefix that the lines below an operator begin with. Recursion is
 * bounded by whoever made it: queries nest to a limit, and so do the steps of a plan.
 */
#include "core/flow/plan_tree.h"

#include <string.h>

#include "core/base/error.h"

struct lt_plan_tree *lt_plan_tree_over_all(struct lt_arena *arena, const char *name,
                                           const char *details, struct lt_plan_tree *const *inputs,
                                           uint32_t count)
{
    struct lt_plan_tree *tree = lt_arena_alloc(arena, sizeof *tree);
    *tree = (struct lt_plan_tree){
        .name = name, .details = details, .paragraph = "", .input_count = count};
    tree->inputs = lt_arena_alloc(arena, count * sizeof(struct lt_plan_tree *));
    for (uint32_t i = 0; i < count; i++) {
        tree->inputs[i] = inputs[i];
        tree->is_streaming = tree->is_streaming || inputs[i]->is_streaming;
    }
    tree->schema = count > 0 ? inputs[0]->schema : NULL;
    return tree;
}

struct lt_plan_tree *lt_plan_tree_over(struct lt_arena *arena, const char *name,
                                       const char *details, struct lt_plan_tree *input)
{
    return lt_plan_tree_over_all(arena, name, details, &input, input == NULL ? 0 : 1);
}

const char *lt_plan_columns(const struct lt_type *schema, struct lt_arena *arena)
{
    const char *list = "[";
    for (uint32_t i = 0; schema != NULL && i < schema->field_count; i++)
        list = lt_arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ", schema->fields[i].name);
    return lt_arena_format(arena, "%s]", list);
}

/* ------------------------------------------------------------------------------------- drawing */

struct drawing {
    struct lt_arena *arena;
    struct lt_text_buffer *out;
    enum lt_plan_tree_style style;
    bool is_numbered;
    uint32_t number; /* of the line drawn last */
};

static uint32_t count_nodes(const struct lt_plan_tree *tree)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < tree->input_count; i++)
        count += count_nodes(tree->inputs[i]);
    return count;
}

static void append_line(struct drawing *drawing, const struct lt_plan_tree *tree, uint32_t number)
{
    struct lt_text_buffer *out = drawing->out;
    bool is_marked =
        drawing->style == LT_PLAN_TREE_MARKED && tree->is_streaming && !tree->has_no_mark;
    lt_text_format(out, "%s%s", is_marked ? "~" : "", tree->name);
    if (drawing->is_numbered)
        lt_text_format(out, " (%u)", number);
    else
        lt_text_append(out, tree->details);
    if (drawing->style == LT_PLAN_TREE_COST) /* a stream has no end: Spark's number for that */
        lt_text_append(out, ", Statistics(sizeInBytes=8.0 EiB)");
    lt_text_append_char(out, '\n');
}

/* Numbers go from the sources on: `number` is the one of this operator, those below have lower
 * ones. */
static void draw(struct drawing *drawing, const struct lt_plan_tree *tree, const char *prefix,
                 bool is_root, bool is_last, uint32_t number)
{
    const char *next = prefix;
    lt_text_append(drawing->out, prefix);
    if (!is_root) {
        lt_text_append(drawing->out, is_last ? "+- " : ":- ");
        next = lt_arena_format(drawing->arena, "%s%s", prefix, is_last ? "   " : ":  ");
    }
    append_line(drawing, tree, number);
    const char *aside = tree->beside == NULL ? "" : lt_arena_format(drawing->arena, "%s:  ", next);
    for (const struct lt_plan_tree *one = tree->beside; one != NULL; one = one->next)
        draw(drawing, one, aside, false, one->next == NULL, 0);
    uint32_t below = number - count_nodes(tree) + 1; /* none yet */
    for (uint32_t i = 0; i < tree->input_count; i++) {
        below += count_nodes(tree->inputs[i]);
        draw(drawing, tree->inputs[i], next, false, i + 1 == tree->input_count, below - 1);
    }
}

void lt_plan_tree_draw(const struct lt_plan_tree *tree, enum lt_plan_tree_style style,
                       struct lt_arena *arena, struct lt_text_buffer *out)
{
    struct drawing drawing = {.arena = arena, .out = out, .style = style};
    draw(&drawing, tree, "", true, true, count_nodes(tree));
}

static void append_columns(struct drawing *drawing, const char *what, const struct lt_type *schema)
{
    if (schema != NULL)
        lt_text_format(drawing->out, "%s [%u]: %s\n", what, schema->field_count,
                       lt_plan_columns(schema, drawing->arena));
}

/* As Spark: what comes out where that is another row than what goes in. */
static void append_paragraphs(struct drawing *drawing, const struct lt_plan_tree *tree)
{
    for (uint32_t i = 0; i < tree->input_count; i++)
        append_paragraphs(drawing, tree->inputs[i]);
    lt_text_format(drawing->out, "\n(%u) %s\n", ++drawing->number, tree->name);
    const struct lt_type *input = tree->input_count == 1 ? tree->inputs[0]->schema : NULL;
    if (tree->schema != input)
        append_columns(drawing, "Output", tree->schema);
    append_columns(drawing, "Input", input);
    lt_text_append(drawing->out, tree->paragraph);
}

void lt_plan_tree_draw_formatted(const struct lt_plan_tree *tree, struct lt_arena *arena,
                                 struct lt_text_buffer *out)
{
    struct drawing drawing = {.arena = arena, .out = out, .is_numbered = true};
    draw(&drawing, tree, "", true, true, count_nodes(tree));
    lt_text_append_char(out, '\n');
    append_paragraphs(&drawing, tree);
}
