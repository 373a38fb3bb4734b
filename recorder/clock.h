/* The two clocks of a recording: cheap ticks for every record, nanoseconds to calibrate them at chunk borders. */
#ifndef BOOTSCOPE_CLOCK_H
#define BOOTSCOPE_CLOCK_H

#include <stdint.h>
#include <time.h>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

/* `clock` is CLOCK_MONOTONIC or CLOCK_REALTIME. */
static inline uint64_t clock_nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* TICK_SHIFT is `clock.tickShift` of the metadata: how much of a tick count a record leaves out, to about 5 ns. */
#if defined(__x86_64__) || defined(__i386__)
enum { TICK_SHIFT = 4 };
static inline uint64_t clock_ticks(void)
{
    return __rdtsc();
}
#elif defined(__aarch64__)
enum { TICK_SHIFT = 0 };
static inline uint64_t clock_ticks(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}
#else
enum { TICK_SHIFT = 2 };
static inline uint64_t clock_ticks(void)
{
    return clock_nanoseconds(CLOCK_MONOTONIC);
}
#endif

#endif
