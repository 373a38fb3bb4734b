/* How long an x86 instruction is. */
#ifndef BOOTSCOPE_X86_LENGTH_H
#define BOOTSCOPE_X86_LENGTH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The length of the instruction of 64-bit code that begins here, or 0 when `available` bytes are not all of it. Bytes that
 * are no instruction have some length. Source: Intel's manual, volume 2, chapter 2 and the opcode maps of appendix A.
 */
size_t x86_length(const uint8_t *bytes, size_t available);

#endif
