/*
 * Handlers that note a signal or end the program.
 */
#include "tools/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"

static volatile sig_atomic_t is_running, is_prompt, seen;
static leat_context *volatile session; /* whose statements a signal interrupts */

static void handle(int number)
{
    static const char text[] = "\nended at once by a signal: what was not committed will be read "
                               "again\n";
    bool is_for_session = is_prompt && number == SIGINT;
    if (is_for_session || ((is_running || is_prompt) && seen == 0)) {
        seen = number;
        leat_admin_sql_interrupt(session);
        return;
    }
    /* The program ends here whether or not anybody can read why. */
    if (write(STDERR_FILENO, text + (is_running ? 0 : 1), is_running ? sizeof text - 1 : 0) < 0)
        _exit(LT_TOOL_SIGNAL + number);
    _exit(LT_TOOL_SIGNAL + number);
}

void lt_tool_signals_install(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    /* These fail only for signals that do not exist. */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    struct sigaction before;
    /* Whoever started it with nohup wants it to outlive the terminal. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        (void)sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
    (void)sigaction(SIGXFSZ, &action, NULL); /* the write fails, and says what of */
}

void lt_tool_signals_running(void)
{
    is_running = 1;
}

void lt_tool_signals_session(leat_context *context, bool prompts)
{
    session = context;
    is_prompt = prompts;
}

void lt_tool_signals_forget(void)
{
    seen = 0;
}

int lt_tool_signals_seen(void)
{
    return seen;
}
