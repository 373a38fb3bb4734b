/*
 * The execution stream of each vCPU: the successor predictor and its records (docs/trace-format.md,
 * "Executions"). This is the code that runs for every block that the guest executes.
 */
#ifndef BOOTSCOPE_STREAM_H
#define BOOTSCOPE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/* Prepares streams for vCPUs 0 … count-1. False: out of memory. */
bool stream_init(unsigned count);

/* All that `stream_execute` needs to know of a block (number below MAX_BLOCKS), for use as a callback's userdata. */
void *stream_block(uint32_t number, unsigned instructions, bool slow);

/* The execution callback. `block` is from `stream_block`. Called by the vCPU's own thread. */
typedef void (*stream_callback)(unsigned vcpu, void *block);

/* The callback for this machine, to be asked after `stream_init`. */
stream_callback stream_execute(void);

/* Executions of this vCPU so far, for a task switch's record. Called by the vCPU's own thread. */
uint64_t stream_executions(unsigned vcpu);

/* Writes the record of a task switch. Called by the vCPU's own thread. */
void stream_switch(unsigned vcpu, uint32_t number);

/* Ends all streams at their next record: what follows could not be recorded in full. */
void stream_stop(void);

struct stream_totals {
    uint64_t executions, instructions;
};

/* Stops all streams, waits until no vCPU writes, seals their chunks. May be called while vCPUs run. */
struct stream_totals stream_finish(void);

#endif
