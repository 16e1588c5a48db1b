/*
 * One suite for every reactor, continued: thousands of operations begun, cancelled and begun again
 * in an order drawn from a seed. Whatever the order, each submission has exactly one end, and what
 * was written to a connection is received once, in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "tests/support/reactor_suite.h"

enum {
    CONNECTIONS = 12,
    PIECES = 8, /* fewer than connections */
    PIECE_BYTES = 32,
    KEPT_MAX = 6,
    ACTIONS = 4000,
};

struct connection {
    struct world *world;
    int ends[2];
    struct lt_io receiving, waiting;
    uint32_t written, got;
};

struct world {
    struct fixture fixture;
    uint64_t state; /* of the random numbers */
    struct lt_buffers *group;
    struct connection connections[CONNECTIONS];
    struct lt_io calling;
    uint32_t submit_count, end_count;
    int32_t kept[PIECES];
    uint32_t kept_count;
};

/* xorshift64*. */
static uint32_t draw(struct world *world, uint32_t limit)
{
    world->state ^= world->state >> 12;
    world->state ^= world->state << 25;
    world->state ^= world->state >> 27;
    return (uint32_t)((world->state * 2685821657736338717u) >> 33) % limit;
}

static void give_one_back(struct world *world)
{
    if (world->kept_count == 0)
        return;
    uint32_t index = draw(world, world->kept_count);
    lt_buffers_give_back(world->group, world->kept[index]);
    world->kept[index] = world->kept[--world->kept_count];
}

static void submit(struct world *world, struct lt_io *io)
{
    assert_false(io->is_pending);
    world->submit_count++;
    lt_reactor_submit(world->fixture.reactor, io);
}

static void on_received(struct lt_io *io)
{
    struct connection *connection = io->context;
    struct world *world = connection->world;
    world->end_count += !io->more;
    assert_int_equal(io->is_pending, io->more);
    if (io->result <= 0) {
        assert_true(io->result == -ECANCELED || io->result == -ENOBUFS);
        assert_false(io->more);
        return;
    }
    for (int64_t i = 0; i < io->result; i++)
        assert_int_equal(((uint8_t *)io->buffer)[i], (uint8_t)(connection->got++ * 7));
    if (world->kept_count < KEPT_MAX && draw(world, 2) == 0)
        world->kept[world->kept_count++] = io->piece;
    else
        lt_buffers_give_back(world->group, io->piece);
    if (io->is_pending && draw(world, 20) == 0)
        lt_reactor_cancel(world->fixture.reactor, io);
    else if (!io->is_pending && draw(world, 2) == 0)
        submit(world, io);
}

static void on_end(struct lt_io *io)
{
    struct world *world = io->context;
    world->end_count++;
    assert_false(io->is_pending);
    assert_true(io->result == -ECANCELED || io->result > 0);
}

static int64_t call(void *context)
{
    (void)context;
    return 1;
}

static void write_some(struct world *world, struct connection *connection)
{
    uint8_t bytes[100];
    uint32_t size = 1 + draw(world, sizeof bytes);
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((connection->written + i) * 7);
    ssize_t written = send(connection->ends[1], bytes, size, MSG_DONTWAIT);
    assert_true(written > 0 || errno == EAGAIN);
    connection->written += written > 0 ? (uint32_t)written : 0;
}

static void toggle(struct world *world, struct lt_io *io)
{
    if (!io->is_pending)
        submit(world, io);
    else if (draw(world, 4) == 0)
        lt_reactor_cancel_and_wait(world->fixture.reactor, io);
    else if (draw(world, 2) == 0)
        lt_reactor_cancel(world->fixture.reactor, io);
}

static void act(struct world *world)
{
    struct connection *connection = &world->connections[draw(world, CONNECTIONS)];
    switch (draw(world, 8)) {
    case 0:
    case 1:
        write_some(world, connection);
        break;
    case 2:
    case 3:
        toggle(world, &connection->receiving);
        break;
    case 4:
        toggle(world, &connection->waiting);
        break;
    case 5:
        toggle(world, &world->calling);
        break;
    case 6:
        give_one_back(world);
        break;
    default:
        lt_reactor_poll(world->fixture.reactor);
    }
}

static void world_init(void **state, struct world *world, uint64_t seed)
{
    *world = (struct world){.state = seed * 2654435761u + 1};
    set_up(state, &world->fixture);
    world->group = lt_reactor_buffers_create(world->fixture.reactor, PIECES, PIECE_BYTES);
    world->calling =
        (struct lt_io){.kind = LT_IO_CALL, .call = call, .done = on_end, .context = world};
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &world->connections[i];
        connection->world = world;
        int *ends = connection->ends;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        connection->receiving = (struct lt_io){.kind = LT_IO_RECV_MULTI,
                                               .fd = ends[0],
                                               .group = world->group,
                                               .done = on_received,
                                               .context = connection};
        connection->waiting = (struct lt_io){
            .kind = LT_IO_POLL, .fd = ends[0], .flags = POLLIN, .done = on_end, .context = world};
    }
}

/* What is still on the way arrives. */
static void settle(struct world *world)
{
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &world->connections[i];
        while (connection->got < connection->written &&
               lt_clock_now_ns(lt_clock_system()) < end_ns) {
            while (world->kept_count > 0)
                give_one_back(world);
            for (uint32_t j = 0; j < CONNECTIONS; j++) {
                if (!world->connections[j].receiving.is_pending)
                    submit(world, &world->connections[j].receiving);
            }
            rest(world->fixture.reactor, end_ns);
        }
        assert_int_equal(connection->got, connection->written);
    }
}

static void world_fini(struct world *world)
{
    struct lt_reactor *reactor = world->fixture.reactor;
    lt_reactor_cancel_and_wait(reactor, &world->calling);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &world->connections[i];
        /* A receive may be submitted by its own `done`, but not when there is nothing to receive.
         */
        lt_reactor_cancel_and_wait(reactor, &connection->receiving);
        lt_reactor_cancel_and_wait(reactor, &connection->waiting);
        close(connection->ends[0]);
        close(connection->ends[1]);
    }
    assert_int_equal(world->end_count, world->submit_count);
    assert_int_equal(reactor->pending_count, 0);
    while (world->kept_count > 0)
        give_one_back(world);
    lt_buffers_destroy(world->group);
    tear_down(&world->fixture);
}

static void every_operation_ends_once_whatever_the_order(void **state)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world world;
        world_init(state, &world, seed);
        for (uint32_t i = 0; i < ACTIONS; i++)
            act(&world);
        settle(&world);
        assert_true(world.submit_count > ACTIONS / 20);
        world_fini(&world);
    }
}

static const struct suite_case suite[] = {
    SUITE_CASE(every_operation_ends_once_whatever_the_order),
};

int main(void)
{
    return run_suite(suite, sizeof suite / sizeof suite[0]);
}
