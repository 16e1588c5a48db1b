/*
 * For a simulator of a query that lives many times: each life begins from the same process, and
 * leaves nothing in it when it ends, wherever it is then.
 *
 * A forked process would have that for nothing, and pays for it: the kernel copies its tables, and
 * each page that it touches anew, which is most of what a short life costs. So a life is lived in
 * the simulator's own process, and the process is put back after it:
 *
 *   - variables, of the program, of its libraries and of the thread: copied before, and back after
 *   - memory: while a life lasts, malloc takes from a region of its own, which is empty again after
 *     it. What was allocated before is put back as variables are; to free it does nothing
 *   - descriptors: those that were opened are closed, and with them go their locks
 *   - the stack: it ends by a jump, as it does at a fault of the machine or an assertion
 *
 * What outlives it: files, and memory that is mapped before the first life. A life starts no
 * thread (checked), and maps no file (checked).
 *
 * With LEAT_FORK=1, and under a sanitizer, each life is a forked process after all. Both ways draw
 * the same numbers and come to the same results.
 *
 * This header defines functions, the C library's own among them (malloc and its like, mmap,
 * munmap): it is included by the one file of a program that is the simulator.
 */
#ifndef LT_TESTS_LIVES_H
#define LT_TESTS_LIVES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/error.h"

enum { LIVES_SIGNAL = 256 }; /* added to the signal by which a life has ended */

/* In a process of its own: LIVES_SIGNAL and the signal, or what it ended with. */
static int lives_fork(void (*live)(void))
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    lt_assert(child >= 0);
    if (child == 0) {
        live();
        _exit(0);
    }
    lt_assert(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? LIVES_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

static int lives_run(void (*live)(void))
{
    return lives_fork(live);
}

static _Noreturn void lives_end(int code)
{
    _exit(code);
}

#else

#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum {
    LIVES_ALIGNMENT = 16,
    LIVES_CLASSES = 48,         /* blocks of 16 bytes, 32, 64, ... */
    LIVES_SMALL_BYTES = 1 << 16, /* larger blocks are seldom touched whole */
    LIVES_IMAGES = 64,
    LIVES_KEYS = 32, /* of pthread_setspecific: those that are kept in the thread itself */
    LIVES_STACK_BYTES = 1 << 16,
    LIVES_PAGE_BYTES = 4096,
};
#define LIVES_SMALL_REGION_BYTES ((size_t)1 << 30)
#define LIVES_LARGE_REGION_BYTES ((size_t)1 << 34)
#define LIVES_HEAP_BYTES ((size_t)1 << 28)

/* Stands in front of each block. */
struct lives_block {
    size_t class;
    struct lives_block *next; /* that is free */
};
_Static_assert(sizeof(struct lives_block) == LIVES_ALIGNMENT, "a block behind it is aligned");

/* Taken from front to back. The pages of small blocks stay when a life ends, and their bytes with
 * them; those of large ones go, and come again as zeros. */
struct lives_region {
    char *begin, *at, *end;
};

struct lives_image {
    char *address;
    size_t size_bytes;
    char *copy;
};

/* In memory of its own, which is not put back. */
struct lives {
    bool is_alive;
    volatile int code;
    sigjmp_buf end;
    int first_fd; /* that a life opens */
    struct lives_region small, large;
    struct lives_block *freed[LIVES_CLASSES];
    struct lives_image images[LIVES_IMAGES]; /* the first: the heap of before */
    uint32_t image_count;
    void *values[LIVES_KEYS];
    char signal_stack[LIVES_STACK_BYTES];
};

static struct lives *lives; /* NULL before the first of them */

static bool lives_are_on(void)
{
    return lives != NULL && lives->is_alive;
}

/* --------------------------------------------------------------------------------------- memory */

void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t size_bytes);
void *__libc_realloc(void *memory, size_t size_bytes);
void *__libc_memalign(size_t alignment, size_t size_bytes);
void __libc_free(void *memory);

static bool lives_is_in(const struct lives_region *region, const void *memory)
{
    return (const char *)memory >= region->begin && (const char *)memory < region->end;
}

static char *lives_bump(struct lives_region *region, size_t size_bytes, size_t alignment)
{
    uintptr_t at = ((uintptr_t)region->at + alignment - 1) & ~(uintptr_t)(alignment - 1);
    lt_assert(size_bytes <= (uintptr_t)region->end - at);
    region->at = (char *)at + size_bytes;
    return (char *)at;
}

static size_t lives_class(size_t size_bytes)
{
    size_t units = (size_bytes + LIVES_ALIGNMENT - 1) / LIVES_ALIGNMENT;
    return units <= 1 ? 0 : (size_t)(64 - __builtin_clzll(units - 1));
}

static size_t lives_capacity(size_t class)
{
    return (size_t)LIVES_ALIGNMENT << class;
}

static struct lives_block *lives_block_of(void *memory)
{
    return (struct lives_block *)memory - 1;
}

/* `is_zero` tells what the block holds; NULL: nobody asks. */
static void *lives_take(size_t size_bytes, size_t alignment, bool *is_zero)
{
    size_t class = lives_class(size_bytes);
    lt_assert(class < LIVES_CLASSES);
    struct lives_block *block = lives->freed[class];
    bool is_large = lives_capacity(class) > LIVES_SMALL_BYTES;
    bool is_new = block == NULL || alignment > LIVES_ALIGNMENT;
    if (is_zero != NULL)
        *is_zero = is_new && is_large;
    if (!is_new) {
        lives->freed[class] = block->next;
        return block + 1;
    }
    struct lives_region *region = is_large ? &lives->large : &lives->small;
    size_t padding = alignment > LIVES_ALIGNMENT ? alignment : LIVES_ALIGNMENT;
    char *memory = lives_bump(region, padding + lives_capacity(class), padding) + padding;
    lives_block_of(memory)->class = class;
    return memory;
}

/* What is older than the life stays. */
static void lives_free(void *memory)
{
    if (!lives_is_in(&lives->small, memory) && !lives_is_in(&lives->large, memory))
        return;
    struct lives_block *block = lives_block_of(memory);
    block->next = lives->freed[block->class];
    lives->freed[block->class] = block;
}

static void *lives_realloc(void *memory, size_t size_bytes)
{
    bool is_own = lives_is_in(&lives->small, memory) || lives_is_in(&lives->large, memory);
    size_t old_bytes = 0;
    if (memory != NULL)
        old_bytes = is_own ? lives_capacity(lives_block_of(memory)->class)
                           : malloc_usable_size(memory);
    if (is_own && size_bytes <= old_bytes)
        return memory;
    void *moved = lives_take(size_bytes, LIVES_ALIGNMENT, NULL);
    memcpy(moved, memory, old_bytes < size_bytes ? old_bytes : size_bytes);
    lives_free(memory);
    return moved;
}

#define LIVES_OF_LIBRARY __attribute__((visibility("default")))

LIVES_OF_LIBRARY void *malloc(size_t size_bytes)
{
    return lives_are_on() ? lives_take(size_bytes, LIVES_ALIGNMENT, NULL)
                          : __libc_malloc(size_bytes);
}

LIVES_OF_LIBRARY void *calloc(size_t count, size_t size_bytes)
{
    bool is_zero;
    size_t all_bytes;
    if (!lives_are_on())
        return __libc_calloc(count, size_bytes);
    lt_assert(!__builtin_mul_overflow(count, size_bytes, &all_bytes));
    void *memory = lives_take(all_bytes, LIVES_ALIGNMENT, &is_zero);
    return is_zero ? memory : memset(memory, 0, all_bytes);
}

LIVES_OF_LIBRARY void *realloc(void *memory, size_t size_bytes)
{
    return lives_are_on() ? lives_realloc(memory, size_bytes)
                          : __libc_realloc(memory, size_bytes);
}

LIVES_OF_LIBRARY void free(void *memory)
{
    if (lives_are_on())
        lives_free(memory);
    else
        __libc_free(memory);
}

LIVES_OF_LIBRARY void *memalign(size_t alignment, size_t size_bytes)
{
    return lives_are_on() ? lives_take(size_bytes, alignment, NULL)
                          : __libc_memalign(alignment, size_bytes);
}

LIVES_OF_LIBRARY void *aligned_alloc(size_t alignment, size_t size_bytes)
{
    return memalign(alignment, size_bytes);
}

LIVES_OF_LIBRARY int posix_memalign(void **out, size_t alignment, size_t size_bytes)
{
    *out = memalign(alignment, size_bytes);
    return *out == NULL ? ENOMEM : 0;
}

void *mmap(void *address, size_t size_bytes, int protection, int flags, int fd, off_t offset)
{
    if (!lives_are_on())
        return (void *)syscall(SYS_mmap, address, size_bytes, protection, flags, fd, offset);
    lt_assert((flags & MAP_ANONYMOUS) != 0);
    return lives_bump(&lives->large, size_bytes, LIVES_PAGE_BYTES);
}

int munmap(void *address, size_t size_bytes)
{
    return lives_are_on() ? 0 : (int)syscall(SYS_munmap, address, size_bytes);
}

/* -------------------------------------------------------------------------------------- images */

static char *lives_map(size_t size_bytes)
{
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    lt_assert(memory != MAP_FAILED);
    return memory;
}

static void lives_add_image(uintptr_t begin, uintptr_t end, size_t copy_bytes)
{
    if (begin >= end)
        return;
    lt_assert(lives->image_count < LIVES_IMAGES);
    lives->images[lives->image_count++] = (struct lives_image){
        .address = (char *)begin, .size_bytes = end - begin, .copy = lives_map(copy_bytes)};
}

/* What can be written of a program or library, and what of it belongs to this thread. The dynamic
 * linker's own is left alone. */
static int lives_add_object(struct dl_phdr_info *object, size_t size_bytes, void *context)
{
    uintptr_t constant_end = 0; /* of what is written while it is linked, and never again */
    (void)size_bytes, (void)context;
    if (strstr(object->dlpi_name, "/ld-linux") != NULL)
        return 0;
    for (uint16_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type == PT_GNU_RELRO)
            constant_end = (object->dlpi_addr + part->p_vaddr + part->p_memsz) &
                           ~(uintptr_t)(LIVES_PAGE_BYTES - 1);
    }
    for (uint16_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) != 0)
            lives_add_image(begin > constant_end ? begin : constant_end, begin + part->p_memsz,
                            part->p_memsz);
        if (part->p_type == PT_TLS && object->dlpi_tls_data != NULL)
            lives_add_image((uintptr_t)object->dlpi_tls_data,
                            (uintptr_t)object->dlpi_tls_data + part->p_memsz, part->p_memsz);
    }
    return 0;
}

/* The heap of what is allocated outside of lives begins here. */
static uintptr_t lives_heap_begin(void)
{
    char line[512];
    unsigned long begin = (unsigned long)(uintptr_t)sbrk(0);
    FILE *maps = fopen("/proc/self/maps", "r");
    lt_assert(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "[heap]") != NULL)
            begin = strtoul(line, NULL, 16);
    lt_assert(fclose(maps) == 0);
    return begin;
}

static void lives_save(void)
{
    struct lives_image *heap = &lives->images[0];
    heap->size_bytes = (size_t)((char *)sbrk(0) - heap->address);
    lt_assert(heap->size_bytes <= LIVES_HEAP_BYTES);
    for (uint32_t i = 0; i < LIVES_KEYS; i++)
        lives->values[i] = pthread_getspecific(i);
    for (uint32_t i = 0; i < lives->image_count; i++)
        memcpy(lives->images[i].copy, lives->images[i].address, lives->images[i].size_bytes);
}

static void lives_put_back(void)
{
    for (uint32_t i = 0; i < LIVES_KEYS; i++)
        if (pthread_getspecific(i) != lives->values[i])
            (void)pthread_setspecific(i, lives->values[i]);
    for (uint32_t i = 0; i < lives->image_count; i++)
        memcpy(lives->images[i].address, lives->images[i].copy, lives->images[i].size_bytes);
    memset(lives->freed, 0, sizeof lives->freed);
    lives->small.at = lives->small.begin;
    (void)madvise(lives->large.begin, (size_t)(lives->large.at - lives->large.begin),
                  MADV_DONTNEED);
    lives->large.at = lives->large.begin;
}

/* ------------------------------------------------------------------------------------- the life */

static _Noreturn void lives_end(int code)
{
    if (lives == NULL)
        _exit(code); /* it was forked */
    lives->code = code;
    siglongjmp(lives->end, 1);
}

/* A life that breaks is put away as any other. */
static void lives_on_signal(int number)
{
    if (lives_are_on())
        lives_end(LIVES_SIGNAL + number);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void lives_catch_signals(void)
{
    static const int numbers[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    const stack_t stack = {.ss_sp = lives->signal_stack, .ss_size = LIVES_STACK_BYTES};
    struct sigaction action = {.sa_handler = lives_on_signal, .sa_flags = SA_ONSTACK};
    lt_assert(sigaltstack(&stack, NULL) == 0);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        lt_assert(sigaction(numbers[i], &action, NULL) == 0);
}

static void lives_init(void)
{
    lives = (struct lives *)(void *)lives_map(sizeof *lives);
    lives->small.begin = lives->small.at = lives_map(LIVES_SMALL_REGION_BYTES);
    lives->small.end = lives->small.begin + LIVES_SMALL_REGION_BYTES;
    lives->large.begin = lives->large.at = lives_map(LIVES_LARGE_REGION_BYTES);
    lives->large.end = lives->large.begin + LIVES_LARGE_REGION_BYTES;
    lt_assert(mallopt(M_MMAP_MAX, 0) == 1); /* one heap, which can be put back */
    uintptr_t heap = lives_heap_begin();
    lives_add_image(heap, heap + 1, LIVES_HEAP_BYTES);
    dl_iterate_phdr(lives_add_object, NULL);
    lives_catch_signals();
    lives->first_fd = dup(STDERR_FILENO);
    lt_assert(lives->first_fd >= 0);
    (void)close(lives->first_fd);
}

static void lives_check_threads(void)
{
    enum { LINKS_OF_NONE = 2 };
    struct stat status;
    lt_assert(stat("/proc/self/task", &status) == 0);
    lt_assert(status.st_nlink == LINKS_OF_NONE + 1);
}

/* What the life ended with: LIVES_SIGNAL and a signal, or what it gave lives_end. */
static int lives_run(void (*live)(void))
{
    if (getenv("LEAT_FORK") != NULL)
        return lives_fork(live);
    if (lives == NULL)
        lives_init();
    lives_save();
    lives->code = 0;
    if (sigsetjmp(lives->end, 1) == 0) {
        lives->is_alive = true;
        live();
    }
    lives->is_alive = false;
    lives_put_back();
    lives_check_threads();
    lt_assert(close_range((unsigned)lives->first_fd, ~0U, 0) == 0);
    return lives->code;
}

#endif
#endif
