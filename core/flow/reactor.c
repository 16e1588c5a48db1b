/*
 * What every reactor does alike.
 */
#include "core/flow/reactor.h"

void lt_reactor_cancel(struct lt_reactor *reactor, struct lt_io *io)
{
    if (io->is_pending)
        reactor->ops->cancel(reactor, io);
}

void lt_reactor_cancel_and_wait(struct lt_reactor *reactor, struct lt_io *io)
{
    lt_reactor_cancel(reactor, io);
    while (io->is_pending) { /* bounded by the kernel, or by an LT_IO_CALL that has begun */
        lt_waker_prepare_to_park(&reactor->waker);
        if (lt_reactor_poll(reactor) == 0)
            lt_reactor_park(reactor, LT_NEVER_NS);
        lt_waker_unpark(&reactor->waker);
    }
}
