/*
 * Which CPUs lanes and housekeeping get: by the affinity mask, by a list, by a cgroup's quota; and
 * that threads are where they were placed.
 *
 * Each case runs in a process of its own, which changes its mask, or puts a cgroup folder of its
 * own over the machine's. The CPUs are those that this machine lets us have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/run/placement.h"

enum { SKIPPED = 77, PATH_MAX_BYTES = 1024 };

static int cpus[CPU_SETSIZE]; /* what this process may use */
static int cpu_count;

static int find_cpus(void **state)
{
    (void)state;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &set))
            cpus[cpu_count++] = cpu;
    return 0;
}

/* Runs a case in a child; its asserts end it with a status other than 0. */
static void in_child(void (*run)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* In a child cmocka's asserts would go on with the next case: this one says what failed and ends.
 */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void need_cpus(int count)
{
    if (cpu_count < count)
        _exit(SKIPPED);
}

static void use_first_cpus(int count)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; i++)
        CPU_SET((size_t)cpus[i], &set);
    REQUIRE(sched_setaffinity(0, sizeof set, &set) == 0);
}

static struct lt_placement place(const struct lt_placement_options *options)
{
    struct lt_placement placement;
    struct lt_error error;
    REQUIRE(lt_placement_init(&placement, options, &error) == 0);
    return placement;
}

static const struct lt_placement_options defaults = {.pin = true, .yield_to_lanes = true};

/* --------------------------------------------------------------------------------------- mask */

static void place_on_one(void)
{
    use_first_cpus(1);
    struct lt_placement placement = place(&defaults);
    REQUIRE(placement.usable_count == 1 && placement.usable[0] == cpus[0]);
    REQUIRE(placement.lane_cpu_count == 1 && placement.lane_cpus[0] == cpus[0]);
    REQUIRE(placement.housekeeping_count == 1 && placement.housekeeping[0] == cpus[0]);
    REQUIRE(placement.cpus_are_shared);
    REQUIRE(!lt_placement_pins(&placement));
    REQUIRE(placement.yield_to_lanes);
    lt_placement_fini(&placement);
}

static void on_one_cpu_everything_shares_it_and_nothing_is_pinned(void **state)
{
    (void)state;
    in_child(place_on_one);
}

static void place_on_two(void)
{
    need_cpus(2);
    use_first_cpus(2);
    struct lt_placement placement = place(&defaults);
    REQUIRE(placement.usable_count == 2);
    REQUIRE(placement.housekeeping_count == 1 && placement.housekeeping[0] == cpus[0]);
    REQUIRE(placement.lane_cpu_count == 1 && placement.lane_cpus[0] == cpus[1]);
    REQUIRE(!placement.cpus_are_shared);
    REQUIRE(lt_placement_pins(&placement));
    REQUIRE(!placement.yield_to_lanes);
    lt_placement_fini(&placement);
}

static void of_two_cpus_the_first_is_for_housekeeping_and_the_last_for_a_lane(void **state)
{
    (void)state;
    in_child(place_on_two);
}

static void place_without_pinning(void)
{
    struct lt_placement placement = place(&(struct lt_placement_options){.yield_to_lanes = true});
    REQUIRE(!lt_placement_pins(&placement));
    REQUIRE(placement.yield_to_lanes);
    lt_placement_fini(&placement);
}

static void without_pinning_libraries_threads_yield(void **state)
{
    (void)state;
    in_child(place_without_pinning);
}

/* --------------------------------------------------------------------------------------- list */

static void place_on_list(void)
{
    char list[32];
    snprintf(list, sizeof list, "%d", cpus[0]);
    struct lt_placement placement =
        place(&(struct lt_placement_options){.cpus = list, .pin = true});
    REQUIRE(placement.lane_cpu_count == 1 && placement.lane_cpus[0] == cpus[0]);
    if (cpu_count > 1) {
        REQUIRE(placement.housekeeping_count == cpu_count - 1);
        REQUIRE(placement.housekeeping[0] == cpus[1]);
        REQUIRE(!placement.cpus_are_shared);
    }
    lt_placement_fini(&placement);
}

static void a_list_says_where_lanes_run_and_the_rest_is_for_housekeeping(void **state)
{
    (void)state;
    in_child(place_on_list);
}

static void place_on_all_of_list(void)
{
    need_cpus(2);
    use_first_cpus(2);
    char list[32];
    snprintf(list, sizeof list, "%d,%d", cpus[1], cpus[0]);
    struct lt_placement placement =
        place(&(struct lt_placement_options){.cpus = list, .pin = true});
    REQUIRE(placement.lane_cpu_count == 2);
    REQUIRE(placement.housekeeping_count == 2);
    REQUIRE(placement.cpus_are_shared);
    lt_placement_fini(&placement);
}

static void a_list_of_all_cpus_makes_lanes_and_housekeeping_share_them(void **state)
{
    (void)state;
    in_child(place_on_all_of_list);
}

static void require_refused(const char *list, const char *text)
{
    struct lt_placement placement;
    struct lt_error error;
    REQUIRE(lt_placement_init(&placement, &(struct lt_placement_options){.cpus = list}, &error) ==
            LT_E_INVALID);
    if (strstr(error.text, text) == NULL) {
        fprintf(stderr, "\"%s\": %s\n", list, error.text);
        _exit(1);
    }
}

static void refuse_lists(void)
{
    char text[96], list[32];
    use_first_cpus(1);
    snprintf(list, sizeof list, "%d", cpus[0] + 1);
    snprintf(text, sizeof text,
             "option \"cpus\": CPU %d is not one this process may use; hint: ", cpus[0] + 1);
    require_refused(list, text);
    require_refused("", "option \"cpus\"");
    require_refused("2-1", "option \"cpus\"");
    require_refused("one", "option \"cpus\"");
}

static void a_list_of_other_cpus_or_of_none_is_refused(void **state)
{
    (void)state;
    in_child(refuse_lists);
}

/* -------------------------------------------------------------------------------------- quota */

/* Puts a folder of our own in the place of /sys/fs/cgroup, seen by this process alone, and in it
 * the limit. */
static void limit_to(const char *limit)
{
    char own[PATH_MAX_BYTES / 2] = "", path[PATH_MAX_BYTES];
    FILE *self = fopen("/proc/self/cgroup", "r");
    REQUIRE(self != NULL);
    char line[PATH_MAX_BYTES / 2];
    while (fgets(line, sizeof line, self) != NULL)
        if (strncmp(line, "0::", 3) == 0)
            snprintf(own, sizeof own, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
    fclose(self);
    if (own[0] == '\0' || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) != 0)
        _exit(SKIPPED);
    for (char *at = strchr(own + 1, '/');; at = strchr(at + 1, '/')) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%.*s",
                 (int)(at != NULL ? (size_t)(at - own) : strlen(own)), own);
        (void)mkdir(path, 0700); /* one that is missing is found by fopen below */
        if (at == NULL)
            break;
    }
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", own);
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    REQUIRE(fputs(limit, file) >= 0);
    REQUIRE(fclose(file) == 0);
}

static void place_within_one_cpu(void)
{
    limit_to("100000 100000\n");
    struct lt_placement placement = place(&defaults);
    REQUIRE(placement.quota_cpus > 0.99 && placement.quota_cpus < 1.01);
    REQUIRE(placement.usable_count == cpu_count);
    REQUIRE(placement.lane_cpu_count == 1 && placement.lane_cpus[0] == cpus[cpu_count - 1]);
    REQUIRE(placement.cpus_are_shared);
    lt_placement_fini(&placement);
}

static void a_quota_of_one_cpu_leaves_one_lane_that_does_not_spin(void **state)
{
    (void)state;
    in_child(place_within_one_cpu);
}

static void place_within_a_part_of_the_second(void)
{
    need_cpus(2);
    limit_to("150000 100000\n");
    struct lt_placement placement = place(&defaults);
    REQUIRE(placement.quota_cpus > 1.49 && placement.quota_cpus < 1.51);
    REQUIRE(placement.lane_cpu_count == 1);
    REQUIRE(!placement.cpus_are_shared);
    lt_placement_fini(&placement);
}

static void a_part_of_a_cpu_counts_as_one(void **state)
{
    (void)state;
    in_child(place_within_a_part_of_the_second);
}

static void place_without_limit(void)
{
    limit_to("max 100000\n");
    struct lt_placement placement = place(&defaults);
    REQUIRE(placement.quota_cpus < 0.01);
    REQUIRE(placement.lane_cpu_count == (cpu_count > 1 ? cpu_count - 1 : 1));
    lt_placement_fini(&placement);
}

static void a_quota_of_max_is_none(void **state)
{
    (void)state;
    in_child(place_without_limit);
}

/* ------------------------------------------------------------------------------------ threads */

struct seen {
    pthread_barrier_t placed;
    cpu_set_t set;
    char name[16];
};

static void *look(void *argument)
{
    struct seen *seen = argument;
    pthread_barrier_wait(&seen->placed);
    REQUIRE(sched_getaffinity(0, sizeof seen->set, &seen->set) == 0);
    REQUIRE(pthread_getname_np(pthread_self(), seen->name, sizeof seen->name) == 0);
    return NULL;
}

static void require_thread_on(struct lt_placement *placement, int lane_cpu, int cpu)
{
    struct seen seen = {.name = ""};
    struct lt_error error;
    pthread_t thread;
    REQUIRE(pthread_barrier_init(&seen.placed, NULL, 2) == 0);
    REQUIRE(lt_placement_start_thread(placement, lane_cpu, "looker", look, &seen, &thread,
                                      &error) == 0);
    pthread_barrier_wait(&seen.placed);
    REQUIRE(pthread_join(thread, NULL) == 0);
    REQUIRE(CPU_COUNT(&seen.set) == 1 && CPU_ISSET((size_t)cpu, &seen.set));
    REQUIRE(strcmp(seen.name, "looker") == 0);
    pthread_barrier_destroy(&seen.placed);
}

static void start_threads(void)
{
    need_cpus(2);
    use_first_cpus(2);
    struct lt_placement placement = place(&defaults);
    require_thread_on(&placement, 0, cpus[1]);
    require_thread_on(&placement, 1, cpus[1]); /* more lanes than CPUs for them take turns */
    require_thread_on(&placement, -1, cpus[0]);
    lt_placement_place_thread(&placement, "own");
    cpu_set_t set;
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    REQUIRE(CPU_COUNT(&set) == 1 && CPU_ISSET((size_t)cpus[0], &set));
    lt_placement_fini(&placement);
}

/* What a thread started for a lane (0) or for housekeeping (-1) is scheduled as. */
static int policy_of(struct lt_placement *placement, int lane_cpu)
{
    struct seen seen = {0};
    struct lt_error error;
    struct sched_param unused;
    pthread_t thread;
    int policy = -1;
    REQUIRE(pthread_barrier_init(&seen.placed, NULL, 2) == 0);
    REQUIRE(lt_placement_start_thread(placement, lane_cpu, "looker", look, &seen, &thread,
                                      &error) == 0);
    REQUIRE(pthread_getschedparam(thread, &policy, &unused) == 0);
    pthread_barrier_wait(&seen.placed);
    REQUIRE(pthread_join(thread, NULL) == 0);
    pthread_barrier_destroy(&seen.placed);
    return policy;
}

static void share_one_cpu(void)
{
    use_first_cpus(1);
    struct lt_placement placement = place(&defaults);
    REQUIRE(policy_of(&placement, -1) == SCHED_BATCH);
    REQUIRE(policy_of(&placement, 0) == SCHED_OTHER);
    lt_placement_place_thread(&placement, "own");
    REQUIRE(sched_getscheduler(0) == SCHED_BATCH);
    lt_placement_fini(&placement);
}

static void housekeeping_that_shares_a_lanes_cpu_does_not_preempt_it(void **state)
{
    (void)state;
    in_child(share_one_cpu);
}

static void threads_are_named_and_run_where_they_were_placed(void **state)
{
    (void)state;
    in_child(start_threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_one_cpu_everything_shares_it_and_nothing_is_pinned),
        cmocka_unit_test(of_two_cpus_the_first_is_for_housekeeping_and_the_last_for_a_lane),
        cmocka_unit_test(without_pinning_libraries_threads_yield),
        cmocka_unit_test(a_list_says_where_lanes_run_and_the_rest_is_for_housekeeping),
        cmocka_unit_test(a_list_of_all_cpus_makes_lanes_and_housekeeping_share_them),
        cmocka_unit_test(a_list_of_other_cpus_or_of_none_is_refused),
        cmocka_unit_test(a_quota_of_one_cpu_leaves_one_lane_that_does_not_spin),
        cmocka_unit_test(a_part_of_a_cpu_counts_as_one),
        cmocka_unit_test(a_quota_of_max_is_none),
        cmocka_unit_test(threads_are_named_and_run_where_they_were_placed),
        cmocka_unit_test(housekeeping_that_shares_a_lanes_cpu_does_not_preempt_it),
    };
    return cmocka_run_group_tests(tests, find_cpus, NULL);
}
