/*
 * Telling the service manager: one datagram to the socket in $NOTIFY_SOCKET, as systemd's
 * Type=notify asks for. Without that variable nothing happens.
 *
 * on: main.
 */
#ifndef LT_TOOLS_NOTIFY_H
#define LT_TOOLS_NOTIFY_H

/* `state` as "READY=1". A manager that cannot be told is said so once on stderr. */
void lt_tool_notify(const char *state);

#endif
