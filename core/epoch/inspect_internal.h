/*
 * The parts of a look at a checkpoint (core/epoch/inspect.h): its files, and its state.
 *
 * on: as there.
 */
#ifndef LT_EPOCH_INSPECT_INTERNAL_H
#define LT_EPOCH_INSPECT_INTERNAL_H

#include "core/epoch/files.h"
#include "core/epoch/inspect.h"

#define LT_INSPECT_THEN_REFUSED "a start refuses the directory"
#define LT_INSPECT_THEN_DELETED "a start deletes it"
#define LT_INSPECT_THEN_UNREAD "a start does not read it"
#define LT_INSPECT_THEN_LEFT "a start leaves it alone"

struct lt_inspect_look {
    const struct lt_inspect_options *options;
    struct lt_inspection *out;
    struct lt_epoch_folder root;
    int64_t last_commit; /* by the names in commits; -1: none */
};

/* Texts are copied, but `then`. */
void lt_inspect_add_fault(struct lt_inspection *out, const struct lt_inspect_fault *fault);
/* NULL: there is none. */
struct lt_inspect_epoch *lt_inspect_find_epoch(const struct lt_inspection *inspection,
                                               uint64_t number);
/* Opens a folder below the directory; a missing one stays closed. */
int lt_inspect_open(const struct lt_inspect_look *look, const char *name,
                    struct lt_epoch_folder *folder, struct lt_error *error) LT_MUST_USE;
/* The error's text without the file's name in front: it is told beside it. */
const char *lt_inspect_shorten(const struct lt_inspect_look *look, const char *file,
                               const struct lt_error *error);

/* Every file but those of state. */
int lt_inspect_files(struct lt_inspect_look *look, struct lt_error *error) LT_MUST_USE;
int lt_inspect_state(struct lt_inspect_look *look, struct lt_error *error) LT_MUST_USE;

#endif
