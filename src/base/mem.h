/* Allocation with checked sizes and, for tests, a failing k-th call.
 *
 * Every room allocates through these, so that the unit tests can let the k-th allocation fail and walk
 * each error path (fus_mem_fail_after). All return NULL when out of memory or when a size overflows.
 * fus_free takes NULL. Thread-safe. */
#ifndef FUS_BASE_MEM_H
#define FUS_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

void *fus_malloc(size_t size) FUS_MUST_CHECK;
/* Zeroed; count * size is checked. */
void *fus_calloc(size_t count, size_t size) FUS_MUST_CHECK;
/* On failure the old block stays valid. */
void *fus_realloc(void *block, size_t count, size_t size) FUS_MUST_CHECK;
/* 64-byte aligned, not zeroed; freed by fus_free as well. */
void *fus_malloc_aligned(size_t size) FUS_MUST_CHECK;
void fus_free(void *block);
FUS_CLEANUP_DEFINE(fus_free, void *)

/* FUS_FREE on a variable of any pointer type: FUS_AUTO_FREE char *text = NULL; */
void fus_free_any(void *pointer_to_pointer);
#define FUS_AUTO_FREE __attribute__((cleanup(fus_free_any)))

/* Copies; NULL in gives NULL out. */
char *fus_strdup(const char *text) FUS_MUST_CHECK;
char *fus_strndup(const char *text, size_t length) FUS_MUST_CHECK;
void *fus_memdup(const void *block, size_t size) FUS_MUST_CHECK;

/* false on overflow, *out unchanged. */
bool fus_size_mul(size_t a, size_t b, size_t *out) FUS_MUST_CHECK;
bool fus_size_add(size_t a, size_t b, size_t *out) FUS_MUST_CHECK;

/* Tests only: after `calls` further successful allocations of this process every later one fails
 * until fus_mem_fail_off. fus_mem_failed tells whether one did. */
void fus_mem_fail_after(long calls);
void fus_mem_fail_off(void);
bool fus_mem_failed(void);

#endif
