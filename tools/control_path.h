/*
 * The files of control sockets: who may make and remove them, and what a dead one is
 * (tools/control.h).
 *
 * on: main.
 */
#ifndef LT_TOOLS_CONTROL_PATH_H
#define LT_TOOLS_CONTROL_PATH_H

/* Holds the folder until the descriptor is closed; waits while another does. -1: it cannot be
 * locked, and nobody is kept out. */
int lt_tool_control_lock(const char *folder);
/* A listening socket at the path, that does not wait; a file that nobody listens at is replaced. -1
 * with errno: EADDRINUSE, somebody listens there. on: the folder is locked. */
int lt_tool_control_listen(const char *path);
/* A socket that is connected, and waits 15 s at most. -1 with errno: ECONNREFUSED or ENOENT, nobody
 * listens there. */
int lt_tool_control_connect(const char *path);

#endif
