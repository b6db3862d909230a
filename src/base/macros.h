/* Attributes and clean-up helpers shared by every room. */
#ifndef FUS_BASE_MACROS_H
#define FUS_BASE_MACROS_H

#include <stddef.h>

#define FUS_MUST_CHECK __attribute__((warn_unused_result))
#define FUS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define FUS_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FUS_MIN(a, b) ((a) < (b) ? (a) : (b))
#define FUS_MAX(a, b) ((a) > (b) ? (a) : (b))
#define FUS_CLAMP(x, lo, hi) ((x) < (lo) ? (lo) : (x) > (hi) ? (hi) : (x))

/* FUS_CLEANUP(fus_thing_free) struct fus_thing *t = NULL;  runs fus_thing_free_p(&t) at scope exit.
 * FUS_CLEANUP_DEFINE(fus_thing_free, struct fus_thing *) makes that helper from the destructor. */
#define FUS_CLEANUP(destructor) __attribute__((cleanup(destructor##_p)))
#define FUS_CLEANUP_DEFINE(destructor, type)                                                       \
    __attribute__((unused)) static inline void destructor##_p(type *object)                        \
    {                                                                                              \
        destructor(*object);                                                                       \
    }

/* Hands a pointer over: the value, and NULL is left behind. */
#define FUS_TAKE(pointer)                                                                          \
    __extension__({                                                                                \
        __typeof__(pointer) fus_taken_ = (pointer);                                                \
        (pointer) = NULL;                                                                          \
        fus_taken_;                                                                                \
    })

#endif
