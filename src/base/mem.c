#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

/* The only process-wide state of the program: the tests' fault switch. -1 = off. */
static atomic_long fail_countdown = -1;
static atomic_bool failed_once;

static bool refused(void)
{
    long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    if (left < 0)
        return false;
    if (left > 0 && atomic_fetch_sub(&fail_countdown, 1) > 0)
        return false;
    atomic_store(&fail_countdown, 0);
    atomic_store(&failed_once, true);
    return true;
}

bool fus_size_mul(size_t a, size_t b, size_t *out)
{
    size_t product = 0;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

bool fus_size_add(size_t a, size_t b, size_t *out)
{
    size_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

void *fus_malloc(size_t size)
{
    return refused() ? NULL : malloc(size > 0 ? size : 1);
}

void *fus_calloc(size_t count, size_t size)
{
    size_t total = 0;
    if (!fus_size_mul(count, size, &total) || refused())
        return NULL;
    return total > 0 ? calloc(count, size) : calloc(1, 1);
}

void *fus_realloc(void *block, size_t count, size_t size)
{
    size_t total = 0;
    if (!fus_size_mul(count, size, &total) || refused())
        return NULL;
    return realloc(block, total > 0 ? total : 1);
}

void *fus_malloc_aligned(size_t size)
{
    size_t rounded = 0;
    if (!fus_size_add(size, ALIGNMENT - 1, &rounded) || refused())
        return NULL;
    rounded &= ~(size_t)(ALIGNMENT - 1);
    return aligned_alloc(ALIGNMENT, rounded > 0 ? rounded : ALIGNMENT);
}

void fus_free(void *block)
{
    free(block);
}

void fus_free_any(void *pointer_to_pointer)
{
    void *block = NULL;
    memcpy(&block, pointer_to_pointer, sizeof(block));
    free(block);
}

void *fus_memdup(const void *block, size_t size)
{
    void *copy = fus_malloc(size);
    if (copy != NULL && size > 0)
        memcpy(copy, block, size);
    return copy;
}

char *fus_strndup(const char *text, size_t length)
{
    if (text == NULL)
        return NULL;
    length = strnlen(text, length);
    char *copy = fus_malloc(length + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *fus_strdup(const char *text)
{
    return text != NULL ? fus_strndup(text, strlen(text)) : NULL;
}

void fus_mem_fail_after(long calls)
{
    atomic_store(&failed_once, false);
    atomic_store(&fail_countdown, calls >= 0 ? calls : 0);
}

void fus_mem_fail_off(void)
{
    atomic_store(&fail_countdown, -1);
}

bool fus_mem_failed(void)
{
    return atomic_load(&failed_once);
}
