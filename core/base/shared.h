/*
 * Words shared between threads, and the one intrusive stack built on them.
 *
 * A shared word is a struct, so that a plain `x->tail++` does not compile: every access goes
 * through the accessors below and names its order. On the left of each call site stands `pairs
 * with:` and the access at the other end; a relaxed access carries its excuse instead.
 *
 * The normal flavour is Concurrency Kit's ck_pr. ck_pr is inline assembly that ThreadSanitizer
 * cannot see, so builds with -fsanitize=thread use C11 atomics on the same words.
 */
#ifndef LT_BASE_SHARED_H
#define LT_BASE_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_THREAD__)
#define LT_SHARED_C11 1
#include <sched.h>
#else
#include <ck_pr.h>
#endif

enum { LT_CACHE_LINE = 64, LT_FALSE_SHARING_RANGE = 128 /* x86 prefetches lines in pairs */ };

struct lt_shared_u32 {
    uint32_t value;
};
struct lt_shared_u64 {
    uint64_t value;
};
struct lt_shared_pointer {
    void *value;
};

#ifdef LT_SHARED_C11
#define LT_SHARED_LOAD_RELAXED(word) __atomic_load_n(&(word)->value, __ATOMIC_RELAXED)
#define LT_SHARED_LOAD_ACQUIRE(word) __atomic_load_n(&(word)->value, __ATOMIC_ACQUIRE)
#define LT_SHARED_STORE_RELAXED(word, x) __atomic_store_n(&(word)->value, x, __ATOMIC_RELAXED)
#define LT_SHARED_STORE_RELEASE(word, x) __atomic_store_n(&(word)->value, x, __ATOMIC_RELEASE)
#define LT_SHARED_ADD(word, x) __atomic_fetch_add(&(word)->value, x, __ATOMIC_ACQ_REL)
#define LT_SHARED_SWAP(word, x) __atomic_exchange_n(&(word)->value, x, __ATOMIC_ACQ_REL)
/* TSan has no model of a stand-alone fence; a dummy read-modify-write of the word orders as one. */
#define LT_SHARED_STORE_FENCED(word, x)                                                            \
    ((void)__atomic_exchange_n(&(word)->value, x, __ATOMIC_SEQ_CST))
#endif

static inline uint32_t lt_load_relaxed_u32(const struct lt_shared_u32 *word)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_LOAD_RELAXED(word);
#else
    return ck_pr_load_32(&word->value);
#endif
}

static inline uint32_t lt_load_acquire_u32(const struct lt_shared_u32 *word)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_LOAD_ACQUIRE(word);
#else
    uint32_t value = ck_pr_load_32(&word->value);
    ck_pr_fence_acquire();
    return value;
#endif
}

static inline void lt_store_relaxed_u32(struct lt_shared_u32 *word, uint32_t value)
{
#ifdef LT_SHARED_C11
    LT_SHARED_STORE_RELAXED(word, value);
#else
    ck_pr_store_32(&word->value, value);
#endif
}

static inline void lt_store_release_u32(struct lt_shared_u32 *word, uint32_t value)
{
#ifdef LT_SHARED_C11
    LT_SHARED_STORE_RELEASE(word, value);
#else
    ck_pr_fence_release();
    ck_pr_store_32(&word->value, value);
#endif
}

/* Store, then a full fence: the first half of a Dekker exchange (sleep against wake). */
static inline void lt_store_fenced_u32(struct lt_shared_u32 *word, uint32_t value)
{
#ifdef LT_SHARED_C11
    LT_SHARED_STORE_FENCED(word, value);
#else
    ck_pr_store_32(&word->value, value);
    ck_pr_fence_memory();
#endif
}

/* Adds and returns the value *before*; acquire and release. */
static inline uint32_t lt_add_u32(struct lt_shared_u32 *word, uint32_t delta)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_ADD(word, delta);
#else
    return ck_pr_faa_32(&word->value, delta);
#endif
}

static inline uint64_t lt_load_relaxed_u64(const struct lt_shared_u64 *word)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_LOAD_RELAXED(word);
#else
    return ck_pr_load_64(&word->value);
#endif
}

static inline uint64_t lt_load_acquire_u64(const struct lt_shared_u64 *word)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_LOAD_ACQUIRE(word);
#else
    uint64_t value = ck_pr_load_64(&word->value);
    ck_pr_fence_acquire();
    return value;
#endif
}

static inline void lt_store_relaxed_u64(struct lt_shared_u64 *word, uint64_t value)
{
#ifdef LT_SHARED_C11
    LT_SHARED_STORE_RELAXED(word, value);
#else
    ck_pr_store_64(&word->value, value);
#endif
}

static inline void lt_store_release_u64(struct lt_shared_u64 *word, uint64_t value)
{
#ifdef LT_SHARED_C11
    LT_SHARED_STORE_RELEASE(word, value);
#else
    ck_pr_fence_release();
    ck_pr_store_64(&word->value, value);
#endif
}

static inline uint64_t lt_add_u64(struct lt_shared_u64 *word, uint64_t delta)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_ADD(word, delta);
#else
    return ck_pr_faa_64(&word->value, delta);
#endif
}

/* Stores and returns the value *before*; acquire and release. */
static inline uint64_t lt_swap_u64(struct lt_shared_u64 *word, uint64_t value)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_SWAP(word, value);
#else
    return ck_pr_fas_64(&word->value, value);
#endif
}

/* A full fence between an earlier store and a later load: the waker's half of the Dekker exchange.
 */
static inline void lt_fence_full(void)
{
#ifdef LT_SHARED_C11
    /* gcc refuses a stand-alone fence here; a locked exchange of any word is one on x86. */
    uint32_t word = 0;
    (void)__atomic_exchange_n(&word, 1, __ATOMIC_SEQ_CST);
#else
    ck_pr_fence_memory();
#endif
}

/* Where a race would have to strike: sanitizer builds give the CPU away here now and then. */
#ifdef LT_SHARED_C11
static inline void lt_yield_point(void)
{
    static _Thread_local uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    if (state >> 26 == 0)
        (void)sched_yield(); /* cannot fail on Linux */
}
#define LT_YIELD_POINT() lt_yield_point()
#else
#define LT_YIELD_POINT() ((void)0)
#endif

/* Tells the CPU that this is a spin loop; kind to the sibling hyperthread. */
static inline void lt_cpu_relax(void)
{
#ifdef LT_SHARED_C11
    __builtin_ia32_pause();
#else
    ck_pr_stall();
#endif
}

/* Asks for a line that is about to be written, so that it is this core's by then. A hint: reads and
 * writes nothing, whatever the address. */
static inline void lt_prefetch_for_write(const void *address)
{
#if defined(__x86_64__)
    /* Every x86-64 takes the instruction; the builtin needs -mprfchw for it, and asks for a copy
     * to read without. */
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

/*
 * A stack that many threads push to and one thread empties whole: the way home for rows and
 * messages that are released on another thread than the one that owns them. Taking all at once
 * leaves no ABA problem.
 */
struct lt_stack_node {
    struct lt_stack_node *next;
};
struct lt_shared_stack {
    struct lt_shared_pointer top;
};

/* on: any. The node belongs to the stack until the owner takes it. */
static inline void lt_stack_push(struct lt_shared_stack *stack, struct lt_stack_node *node)
{
#ifdef LT_SHARED_C11
    void *top = __atomic_load_n(&stack->top.value, __ATOMIC_RELAXED);
    do {
        node->next = top;
        /* release: pairs with the swap in lt_stack_take_all */
    } while (!__atomic_compare_exchange_n(&stack->top.value, &top, node, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
#else
    void *top;
    do {
        top = ck_pr_load_ptr(&stack->top.value);
        node->next = top;
        ck_pr_fence_release(); /* pairs with the swap in lt_stack_take_all */
    } while (!ck_pr_cas_ptr(&stack->top.value, top, node));
#endif
}

/* True when a take would find something; relaxed, since the take itself orders. on: owner. */
static inline bool lt_stack_is_empty(const struct lt_shared_stack *stack)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_LOAD_RELAXED(&stack->top) == NULL;
#else
    return ck_pr_load_ptr(&stack->top.value) == NULL;
#endif
}

/* Takes every node, newest first. on: owner. */
static inline struct lt_stack_node *lt_stack_take_all(struct lt_shared_stack *stack)
{
#ifdef LT_SHARED_C11
    return LT_SHARED_SWAP(&stack->top, NULL);
#else
    return ck_pr_fas_ptr(&stack->top.value, NULL);
#endif
}

#endif
