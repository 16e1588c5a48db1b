/*
 * Counts what is done on leat's own threads, and says in which librdkafka function: allocations,
 * locks, system calls. Defines malloc and its like for the whole process, so it belongs to the one
 * program that includes it, tests/core/test_hot_path_kafka.c.
 *
 * How. On the threads named leat-lane-* malloc and its like and the locks of pthread and C11 are
 * interposed, and a seccomp filter traps every system call: the handler counts it and then makes it
 * from the one place that the filter lets through. Only sched_yield is free, which an idle spinner
 * makes. Each is charged to a *place*: the librdkafka function that leat has called, by a function
 * of that name here standing before it, or else leat itself. Within leat's delivery callback the
 * place is leat again. A librdkafka function not listed here counts as leat.
 *
 * Threads are marked by a signal, once they are warm; nothing is counted before. A filter cannot be
 * taken off again.
 */
#ifndef LT_TESTS_HOT_PATH_KAFKA_H
#define LT_TESTS_HOT_PATH_KAFKA_H

#include <dlfcn.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <threads.h>

#include "core/base/shared.h"
#include "tests/kafka/client.h"
#include "tests/support/doors.h"

enum kind { ALLOCATION, FREE, LOCK, SYSTEM_CALL, KIND_COUNT };
enum { LANE_THREADS_MAX = 3 };

/* ------------------------------------------------------------------------------------- places */

/* What leat calls on a lane's thread while records pass: return type, name, parameters,
 * arguments. */
#define ANSWERING(X)                                                                               \
    X(ssize_t, rd_kafka_consume_batch_queue,                                                       \
      (rd_kafka_queue_t * a, int b, rd_kafka_message_t **c, size_t d), (a, b, c, d))               \
    X(int, rd_kafka_poll, (rd_kafka_t * a, int b), (a, b))                                         \
    X(size_t, rd_kafka_queue_length, (rd_kafka_queue_t * a), (a))                                  \
    X(int64_t, rd_kafka_message_timestamp,                                                         \
      (const rd_kafka_message_t *a, rd_kafka_timestamp_type_t *b), (a, b))                         \
    X(rd_kafka_resp_err_t, rd_kafka_message_headers,                                               \
      (const rd_kafka_message_t *a, rd_kafka_headers_t **b), (a, b))                               \
    X(rd_kafka_resp_err_t, rd_kafka_message_detach_headers,                                        \
      (rd_kafka_message_t * a, rd_kafka_headers_t * *b), (a, b))                                   \
    X(size_t, rd_kafka_header_cnt, (const rd_kafka_headers_t *a), (a))                             \
    X(rd_kafka_resp_err_t, rd_kafka_header_get_all,                                                \
      (const rd_kafka_headers_t *a, size_t b, const char **c, const void **d, size_t *e),          \
      (a, b, c, d, e))                                                                             \
    X(rd_kafka_headers_t *, rd_kafka_headers_copy, (const rd_kafka_headers_t *a), (a))             \
    X(rd_kafka_headers_t *, rd_kafka_headers_new, (size_t a), (a))                                 \
    X(rd_kafka_resp_err_t, rd_kafka_header_add,                                                    \
      (rd_kafka_headers_t * a, const char *b, ssize_t c, const void *d, ssize_t e),                \
      (a, b, c, d, e))                                                                             \
    X(int, rd_kafka_produce,                                                                       \
      (rd_kafka_topic_t * a, int32_t b, int c, void *d, size_t e, const void *f, size_t g,         \
       void *h),                                                                                   \
      (a, b, c, d, e, f, g, h))                                                                    \
    X(rd_kafka_error_t *, rd_kafka_produceva, (rd_kafka_t * a, const rd_kafka_vu_t *b, size_t c),  \
      (a, b, c))                                                                                   \
    X(rd_kafka_resp_err_t, rd_kafka_error_code, (const rd_kafka_error_t *a), (a))                  \
    X(rd_kafka_resp_err_t, rd_kafka_get_watermark_offsets,                                         \
      (rd_kafka_t * a, const char *b, int32_t c, int64_t *d, int64_t *e), (a, b, c, d, e))

#define SILENT(X)                                                                                  \
    X(rd_kafka_message_destroy, (rd_kafka_message_t * a), (a))                                     \
    X(rd_kafka_headers_destroy, (rd_kafka_headers_t * a), (a))                                     \
    X(rd_kafka_message_set_headers, (rd_kafka_message_t * a, rd_kafka_headers_t * b), (a, b))      \
    X(rd_kafka_error_destroy, (rd_kafka_error_t * a), (a))

#define PLACE_OF_ANSWERING(type, name, parameters, arguments) AT_##name,
#define PLACE_OF_SILENT(name, parameters, arguments) AT_##name,
enum place { AT_LEAT, ANSWERING(PLACE_OF_ANSWERING) SILENT(PLACE_OF_SILENT) PLACE_COUNT };

#define TEXT_OF_ANSWERING(type, name, parameters, arguments) #name,
#define TEXT_OF_SILENT(name, parameters, arguments) #name,
static const char *const place_names[] = {"leat itself",
                                          ANSWERING(TEXT_OF_ANSWERING) SILENT(TEXT_OF_SILENT)};

static struct lt_shared_u64 calls[PLACE_COUNT], found[PLACE_COUNT][KIND_COUNT];
static struct lt_shared_u64 first_caller; /* of what leat itself did: an address, or a call */
static struct lt_shared_u64 reports;
static _Thread_local enum place place;
static _Thread_local bool is_counted;

static inline void count(enum kind kind, uint64_t caller)
{
    if (!is_counted)
        return;
    (void)lt_add_u64(&found[place][kind], 1);
    if (place == AT_LEAT && lt_load_relaxed_u64(&first_caller) == 0)
        lt_store_relaxed_u64(&first_caller, caller);
}

#define COUNT(kind) count(kind, (uint64_t)(uintptr_t)__builtin_return_address(0))

static enum place enter(enum place next)
{
    enum place before = place;
    place = next;
    if (is_counted)
        (void)lt_add_u64(&calls[next], 1);
    return before;
}

static void find_next(const char *name, void *function)
{
    void *known = dlsym(RTLD_NEXT, name);
    if (known == NULL)
        lt_client_die("there is no %s", name);
    memcpy(function, &known, sizeof known); /* ISO C has no cast from data to functions */
}

/* Looked up before any thread is counted. */
#define DEFINE_ANSWERING(type, name, parameters, arguments)                                        \
    static type(*next_##name) parameters;                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        enum place before = enter(AT_##name);                                                      \
        type answer = next_##name arguments;                                                       \
        place = before;                                                                            \
        return answer;                                                                             \
    }
#define DEFINE_SILENT(name, parameters, arguments)                                                 \
    static void(*next_##name) parameters;                                                          \
    void name parameters                                                                           \
    {                                                                                              \
        enum place before = enter(AT_##name);                                                      \
        next_##name arguments;                                                                     \
        place = before;                                                                            \
    }
ANSWERING(DEFINE_ANSWERING)
SILENT(DEFINE_SILENT)

#define FIND_ANSWERING(type, name, parameters, arguments) find_next(#name, &next_##name);
#define FIND_SILENT(name, parameters, arguments) find_next(#name, &next_##name);

__attribute__((constructor)) static void find_all(void)
{
    ANSWERING(FIND_ANSWERING)
    SILENT(FIND_SILENT)
}

typedef void delivery_fn(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
static delivery_fn *leats_delivery;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    enum place before = place;
    place = AT_LEAT;
    leats_delivery(rk, message, opaque);
    place = before;
    (void)lt_add_u64(&reports, message->err == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf, delivery_fn *function)
{
    void (*next)(rd_kafka_conf_t *, delivery_fn *);
    find_next("rd_kafka_conf_set_dr_msg_cb", &next);
    bool is_own = function == lt_client_on_delivery; /* of this program's producer */
    if (!is_own)
        leats_delivery = function;
    next(conf, is_own ? function : on_delivery);
}

/* -------------------------------------------------------------------------- memory and locks */

/* For librdkafka's calls too, unlike the functions above. */
#define FOR_ALL __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size_bytes);
extern void *__libc_calloc(size_t count, size_t size_bytes);
extern void *__libc_realloc(void *memory, size_t size_bytes);
extern void *__libc_memalign(size_t alignment, size_t size_bytes);
extern void __libc_free(void *memory);

FOR_ALL void *malloc(size_t size_bytes)
{
    COUNT(ALLOCATION);
    return __libc_malloc(size_bytes);
}

FOR_ALL void *calloc(size_t element_count, size_t size_bytes)
{
    COUNT(ALLOCATION);
    return __libc_calloc(element_count, size_bytes);
}

FOR_ALL void *realloc(void *memory, size_t size_bytes)
{
    COUNT(ALLOCATION);
    return __libc_realloc(memory, size_bytes);
}

FOR_ALL void *memalign(size_t alignment, size_t size_bytes)
{
    COUNT(ALLOCATION);
    return __libc_memalign(alignment, size_bytes);
}

FOR_ALL void *aligned_alloc(size_t alignment, size_t size_bytes)
{
    COUNT(ALLOCATION);
    return __libc_memalign(alignment, size_bytes);
}

FOR_ALL int posix_memalign(void **out, size_t alignment, size_t size_bytes)
{
    COUNT(ALLOCATION);
    *out = __libc_memalign(alignment, size_bytes);
    return *out == NULL ? ENOMEM : 0;
}

FOR_ALL void free(void *memory)
{
    if (memory != NULL)
        COUNT(FREE);
    __libc_free(memory);
}

#define DEFINE_LOCK(name, object)                                                                  \
    FOR_ALL int name(object *lock)                                                                 \
    {                                                                                              \
        static int (*next)(object *);                                                              \
        COUNT(LOCK);                                                                               \
        if (next == NULL)                                                                          \
            find_next(#name, &next);                                                               \
        return next(lock);                                                                         \
    }
DEFINE_LOCK(pthread_mutex_lock, pthread_mutex_t)
DEFINE_LOCK(pthread_mutex_trylock, pthread_mutex_t)
DEFINE_LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
DEFINE_LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
DEFINE_LOCK(mtx_lock, mtx_t)
DEFINE_LOCK(mtx_trylock, mtx_t)

/* ------------------------------------------------------------------------------- system calls */

/* The one place that the filter lets system calls through from. */
extern const char after_the_call[];
long call_through(long number, const greg_t *arguments);
__asm__(".text\n"
        ".hidden after_the_call\n"
        ".globl call_through\n"
        ".type call_through, @function\n"
        "call_through:\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %r11\n"
        "    mov 0(%r11), %rdi\n"
        "    mov 8(%r11), %rsi\n"
        "    mov 16(%r11), %rdx\n"
        "    mov 24(%r11), %r10\n"
        "    mov 32(%r11), %r8\n"
        "    mov 40(%r11), %r9\n"
        "    syscall\n"
        ".globl after_the_call\n"
        "after_the_call:\n"
        "    ret\n"
        ".size call_through, .-call_through\n");

static void on_system_call(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const greg_t arguments[] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                                registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
    (void)number;
    count(SYSTEM_CALL, (uint64_t)info->si_syscall);
    registers[REG_RAX] = call_through(info->si_syscall, arguments);
}

static void trap_system_calls(void)
{
    uint64_t address = (uint64_t)(uintptr_t)after_the_call;
    const uint32_t at = offsetof(struct seccomp_data, instruction_pointer); /* little-endian */
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_sched_yield, 7, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigreturn, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigprocmask, 5, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)address, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(address >> 32), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        abort();
}

/* --------------------------------------------------------------------------------- the threads */

static pthread_t lane_threads[LANE_THREADS_MAX]; /* on: the main thread */
static uint32_t lane_thread_count;
static struct lt_shared_u32 marked;

int pthread_setname_np(pthread_t thread, const char *name)
{
    int (*next)(pthread_t, const char *);
    find_next("pthread_setname_np", &next);
    if (strncmp(name, "leat-lane-", 10) == 0 && lane_thread_count < LANE_THREADS_MAX)
        lane_threads[lane_thread_count++] = thread;
    return next(thread, name);
}

/* On a lane's thread, wherever it is: from now on it is counted. */
static void on_mark(int number)
{
    (void)number;
    trap_system_calls();
    is_counted = true;
    (void)lt_add_u32(&marked, 1);
}

/* Both handlers; once, before the query starts. */
static bool install_handlers(void)
{
    struct sigaction trap = {.sa_sigaction = on_system_call, .sa_flags = SA_SIGINFO};
    struct sigaction mark = {.sa_handler = on_mark, .sa_flags = SA_RESTART};
    return sigaction(SIGSYS, &trap, NULL) == 0 && sigaction(SIGUSR1, &mark, NULL) == 0;
}

/* Begins counting; false if there are not as many lane threads as expected. */
static bool mark_threads(uint32_t expected)
{
    if (lane_thread_count != expected)
        return false;
    for (uint32_t i = 0; i < lane_thread_count; i++) {
        if (pthread_kill(lane_threads[i], SIGUSR1) != 0)
            return false;
    }
    while (lt_load_acquire_u32(&marked) < lane_thread_count)
        doors_nap();
    return true;
}

#endif
