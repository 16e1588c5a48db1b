/*
 * C11 threads for ThreadSanitizer builds, by way of the POSIX calls that it understands. librdkafka
 * makes its threads and locks with <threads.h>, which gcc's ThreadSanitizer does not intercept: our
 * callbacks on such a thread would crash, and what its locks order would look like races. Linked
 * into every executable of a SAN=tsan build, and exported, so that the library finds these first.
 * glibc's mtx_t and cnd_t are its mutex and condition by another name.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

#if defined(__SANITIZE_THREAD__)
#define EXPORT __attribute__((visibility("default"), used))

struct start {
    thrd_start_t function;
    void *argument;
};

static void *run(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    return (void *)(intptr_t)start.function(start.argument);
}

static int answer(int status)
{
    switch (status) {
    case 0:
        return thrd_success;
    case EBUSY:
        return thrd_busy;
    case ETIMEDOUT:
        return thrd_timedout;
    default:
        return thrd_error;
    }
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof *start);
    *start = (struct start){function, argument};
    return answer(pthread_create(thread, NULL, run, start));
}

EXPORT int thrd_join(thrd_t thread, int *result)
{
    void *value = NULL;
    int status = answer(pthread_join(thread, &value));
    if (result != NULL)
        *result = (int)(intptr_t)value;
    return status;
}

EXPORT int thrd_detach(thrd_t thread)
{
    return answer(pthread_detach(thread));
}

EXPORT int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    int status = answer(pthread_mutex_init((pthread_mutex_t *)mutex, &attributes));
    pthread_mutexattr_destroy(&attributes);
    return status;
}

/* The last to let go of an object destroys its lock, and knows by an atomic count, which the
 * sanitizer cannot see in a library, that the others have: taking the lock says so once more. */
EXPORT void mtx_destroy(mtx_t *mutex)
{
    if (pthread_mutex_trylock((pthread_mutex_t *)mutex) == 0)
        pthread_mutex_unlock((pthread_mutex_t *)mutex);
    pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

EXPORT int mtx_lock(mtx_t *mutex)
{
    return answer(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

EXPORT int mtx_trylock(mtx_t *mutex)
{
    return answer(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

EXPORT int mtx_unlock(mtx_t *mutex)
{
    return answer(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

EXPORT int cnd_init(cnd_t *condition)
{
    return answer(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

EXPORT void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy((pthread_cond_t *)condition);
}

EXPORT int cnd_signal(cnd_t *condition)
{
    return answer(pthread_cond_signal((pthread_cond_t *)condition));
}

EXPORT int cnd_broadcast(cnd_t *condition)
{
    return answer(pthread_cond_broadcast((pthread_cond_t *)condition));
}

EXPORT int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return answer(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

EXPORT int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                         const struct timespec *restrict until)
{
    return answer(
        pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}
#endif
