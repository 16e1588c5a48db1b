/*
 * A stream that another thread reads ahead of: what files cost to be read, checked and expanded is
 * done by the reactor's helper, while the one who asks for the changes does something with those
 * that came before. They are handed over in chunks of about a megabyte, copied.
 *
 * Where the reactor has no helper it is as without it, and a copy more.
 *
 * on: the reactor's thread, which waits; the stream beneath is used by the helper alone until this
 * one is destroyed.
 */
#ifndef LT_STATE_AHEAD_H
#define LT_STATE_AHEAD_H

#include "core/state/change.h"

/* `beneath` stays the caller's, and is there until the stream has been destroyed. */
struct lt_state_stream *lt_state_ahead_create(struct lt_state_stream *beneath,
                                              struct lt_reactor *reactor);

#endif
