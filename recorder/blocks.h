/* The table of translated blocks: gives each distinct block its number and writes it to the trace once. */
#ifndef BOOTSCOPE_BLOCKS_H
#define BOOTSCOPE_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

/*
 * The number of a block. QEMU translates the same code many times; a block at the same address, in the same memory (`host`
 * points to its first byte), with the same size, instructions and bytes keeps its number. `lengths` has the bytes of each
 * instruction. False when the block is new and could not be written. Callers hold a lock: vCPUs translate at the same time.
 */
bool blocks_number(const struct block_record *block, const void *host, const uint8_t *lengths, uint32_t *number);

/* Blocks known so far. From any thread. */
uint32_t blocks_count(void);

/* Seals the last chunk. */
void blocks_finish(void);

#endif
