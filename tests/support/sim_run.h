/*
 * One life of a simulated query: the real checkpoint and coordinator on a fake reactor, with lanes,
 * sources and sinks of sim_world. Everything that happens is drawn from the world's random numbers.
 *
 * A life recovers, runs, and then either dies - between any two steps, at a fault point of the
 * protocol, in the middle of the reactor's work, by kill or by loss of power, during recovery too -
 * or ends gracefully: the last records are read, a last epoch is asked for, and it is awaited.
 */
#ifndef LT_TESTS_SIM_RUN_H
#define LT_TESTS_SIM_RUN_H

#include "tests/support/sim_world.h"

/* Violations stand in world->fault; a life that cannot go on is one. */
void sim_run_life(struct sim_world *world, bool is_last);

#endif
