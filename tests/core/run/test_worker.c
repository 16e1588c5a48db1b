/* A worker in line: its agents are opened, stepped and closed in their order, however many; and it
 * sleeps only when there is nothing to do. */
#include "core/run/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/growing.h"

/* More than a query's lanes can have stages. */
enum { AGENTS = 1000, FAILING = 700 };

struct agent_world {
    uint32_t opened, stepped, closed;
    int code; /* of the open of agent FAILING */
};

struct numbered {
    struct agent_world *world;
    uint32_t number;
};

static int open_agent(void *context, struct lt_reactor *reactor, struct lt_error *error)
{
    struct numbered *agent = context;
    assert_non_null(reactor);
    assert_int_equal(agent->world->opened, agent->number);
    agent->world->opened++;
    if (agent->number != FAILING || agent->world->code == 0)
        return 0;
    return lt_error_set(error, agent->world->code, "agent %u does not open", agent->number);
}

static uint32_t step_agent(void *context)
{
    struct numbered *agent = context;
    assert_int_equal(agent->world->stepped % AGENTS, agent->number);
    agent->world->stepped++;
    return 1;
}

static void close_agent(void *context)
{
    struct numbered *agent = context;
    agent->world->closed++;
    assert_int_equal(agent->number, agent->world->opened - agent->world->closed);
}

static struct lt_placement placement;
static struct lt_worker *worker;
static struct numbered agents[AGENTS];

static void start_bare(const char *reactor_choice)
{
    struct lt_error error;
    struct lt_placement_options where = {.cpus = NULL};
    assert_int_equal(lt_placement_init(&placement, &where, &error), 0);
    struct lt_worker_options options = {
        .name = "test",
        .idle = LT_IDLE_PARK,
        .lane_cpu = -1,
        .is_inline = true,
        .clock = lt_clock_system(),
        .catalog = growing_catalog(),
        .reactor_choice = reactor_choice,
        .placement = &placement,
    };
    assert_int_equal(lt_worker_start(&options, &worker, &error), 0);
}

static void start_worker(struct agent_world *world)
{
    start_bare("auto");
    for (uint32_t i = 0; i < AGENTS; i++) {
        agents[i] = (struct numbered){world, i};
        struct lt_agent agent = {.name = "numbered",
                                 .context = &agents[i],
                                 .open = open_agent,
                                 .step = step_agent,
                                 .close = close_agent};
        lt_worker_add(worker, &agent);
    }
}

static void end_worker(void)
{
    lt_worker_destroy(worker);
    lt_placement_fini(&placement);
}

static void a_worker_takes_as_many_agents_as_there_are(void **state)
{
    (void)state;
    struct agent_world world = {0};
    struct lt_error error;
    start_worker(&world);
    assert_int_equal(lt_worker_run(worker, &error), 0);
    assert_int_equal(world.opened, AGENTS);
    assert_true(lt_worker_round(worker) >= AGENTS);
    assert_true(lt_worker_round(worker) >= AGENTS);
    assert_int_equal(world.stepped, 2 * AGENTS);
    end_worker();
    assert_int_equal(world.closed, AGENTS);
}

static void an_agent_that_does_not_open_closes_those_before_it_and_itself(void **state)
{
    (void)state;
    struct agent_world world = {.code = LT_E_IO};
    struct lt_error error;
    start_worker(&world);
    assert_int_equal(lt_worker_run(worker, &error), LT_E_IO);
    assert_string_equal(error.text, "agent 700 does not open");
    assert_int_equal(world.opened, FAILING + 1);
    assert_int_equal(world.closed, FAILING + 1);
    end_worker();
    assert_int_equal(world.closed, FAILING + 1);
}

/* Work that another thread makes, at the worst of moments: when the taker has looked for the last
 * time before the worker sleeps. */
struct handover {
    bool is_there, is_taken;
};

static uint32_t take_work(void *context)
{
    struct handover *work = context;
    work->is_taken = work->is_there;
    return work->is_taken;
}

static uint32_t make_work_when_parking(void *context)
{
    struct handover *work = context;
    struct lt_waker *waker = lt_worker_waker(worker);
    if (lt_load_relaxed_u32(&waker->parked) == 0 || work->is_there)
        return 0;
    work->is_there = true;
    lt_waker_wake(waker);
    return 0; /* it is the taker's work, not ours */
}

static void a_wake_up_between_the_last_look_and_sleep_is_not_lost(void **state)
{
    static const char *const reactors[] = {"io_uring", "epoll"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct handover work = {0};
        struct lt_error error;
        start_bare(reactors[i]);
        struct lt_agent taker = {.name = "taker", .context = &work, .step = take_work};
        struct lt_agent maker = {.name = "maker", .context = &work, .step = make_work_when_parking};
        lt_worker_add(worker, &taker);
        lt_worker_add(worker, &maker);
        assert_int_equal(lt_worker_run(worker, &error), 0);
        assert_int_equal(lt_worker_round(worker), 0);
        alarm(60); /* a lost wake-up would be slept through for ever */
        lt_worker_park(worker, LT_NEVER_NS);
        alarm(0);
        assert_true(work.is_there);
        assert_int_equal(lt_worker_round(worker), 1);
        assert_true(work.is_taken);
        end_worker();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_takes_as_many_agents_as_there_are),
        cmocka_unit_test(an_agent_that_does_not_open_closes_those_before_it_and_itself),
        cmocka_unit_test(a_wake_up_between_the_last_look_and_sleep_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
