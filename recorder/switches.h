/* Task switches of a Linux guest on x86_64, found without symbols: the stack swap of __switch_to_asm tells both tasks. */
#ifndef BOOTSCOPE_SWITCHES_H
#define BOOTSCOPE_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "api.h"

/* Where task_struct has its fields, in bytes; -1: unknown. An unknown comm is looked for at the first switch. */
struct task_layout {
    int64_t pid, thread_group, comm;
};

/* False: out of memory. */
bool switches_init(const struct task_layout *layout, unsigned vcpus);

/*
 * Watches this instruction when it and the one before are the stack swap of __switch_to_asm. The callbacks of both stay
 * with this translation.
 */
void switches_watch(struct qemu_plugin_insn *save, const uint8_t *save_bytes, size_t save_length,
                    struct qemu_plugin_insn *load, const uint8_t *load_bytes, size_t load_length);

uint32_t switches_count(void);

/* Seals the last chunk. */
void switches_finish(void);

#endif
