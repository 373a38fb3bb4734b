/* Just enough of the x86 instruction set to say how a block ends and whether it is slow. */
#ifndef BOOTSCOPE_X86_H
#define BOOTSCOPE_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

/* How an instruction ends a block. `target` is set for direct branches (a linear address), else left alone. */
enum terminator x86_terminator(const uint8_t *bytes, size_t length, uint64_t address, uint64_t *target);

/* Whether QEMU leaves the generated code for it: port I/O, control and model registers, cpuid, hlt, iret, … */
bool x86_is_slow(const uint8_t *bytes, size_t length);

/* Whether the bytes are the beginning of a branch only. */
bool x86_is_truncated_branch(const uint8_t *bytes, size_t length);

/* The two halves of the stack swap in Linux's __switch_to_asm; `displacement` is that of thread.sp in task_struct. */
bool x86_saves_stack_pointer(const uint8_t *bytes, size_t length, int32_t *displacement);  /* mov %rsp,d(%rdi) */
bool x86_loads_stack_pointer(const uint8_t *bytes, size_t length, int32_t *displacement);  /* mov d(%rsi),%rsp */

#endif
