/* Time: monotonic for durations, real time for what people read. Thread-safe. */
#ifndef FUS_BASE_CLOCK_H
#define FUS_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

int64_t fus_clock_monotonic_us(void);
/* Microseconds since 1970-01-01 UTC. */
int64_t fus_clock_real_us(void);
/* Milliseconds of monotonic time since start_us. */
double fus_clock_ms_since(int64_t start_us);

#define FUS_RFC3339_SIZE 32
/* "2026-11-24T02:50:11.123Z" (milliseconds, UTC). */
void fus_clock_rfc3339(int64_t real_us, char out[FUS_RFC3339_SIZE]);
/* Parses RFC 3339 with Z or an offset; false if it is not one. */
bool fus_clock_parse_rfc3339(const char *text, int64_t *real_us) FUS_MUST_CHECK;
/* "20261124", UTC. */
void fus_clock_date(int64_t real_us, char out[9]);
/* Sleeps, not interrupted by signals' handlers. */
void fus_clock_sleep_ms(int64_t ms);

#endif
