/* The JSON texts of a trace: metadata and totals (docs/trace-format.md). */
#ifndef BOOTSCOPE_METADATA_H
#define BOOTSCOPE_METADATA_H

#include <stdint.h>

#include "api.h"

/*
 * What is known when QEMU starts: recorder, QEMU's command line, target, clock. Then, as a chunk of its own, the JSON
 * object of the environment variable BOOTSCOPE_METADATA, if there is one: what the program that started QEMU knows.
 */
void metadata_add_start(const qemu_info_t *info);

/* Build-ids (lower-case hex) found in the guest's kernel, and its release or "". */
void metadata_add_kernel(const char *const *build_ids, unsigned count, const char *release);

/* That the recording had to stop before the guest did. */
void metadata_add_stopped(const char *reason);

/* The totals; their presence says that the recording ended by itself. */
void metadata_add_totals(uint64_t executions, uint64_t instructions, uint32_t switches, uint32_t blocks,
                         const char *reason);

#endif
