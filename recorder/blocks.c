#include "blocks.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "trace_file.h"

enum { CHUNK_CAPACITY = 256 * 1024 - (int)sizeof(struct chunk_head) };
enum { LONGEST_LENGTH = 15 };
/* Enough for most boots; memory is taken as it is used. */
enum { FIRST_SLOTS = 1 << 18 };

/* What makes two translations the same block. */
struct identity {
    uint64_t pc;
    uintptr_t host;
    uint32_t size, crc;
    uint16_t instructions;
    uint16_t flags;
};

static struct chunk chunk;
static size_t used;

static struct identity *known; /* by block number */
static size_t known_capacity;
static atomic_uint count;

/* Open addressing, block number + 1 or 0; at most half full. */
static uint32_t *slots;
static size_t slot_count;

uint32_t blocks_count(void)
{
    return atomic_load_explicit(&count, memory_order_relaxed);
}

static size_t slot_of(const struct identity *block)
{
    uint64_t hash = (block->pc ^ block->host * 3) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= ((uint64_t)block->crc << 32 | block->size) * UINT64_C(0xC2B2AE3D27D4EB4F);
    return (hash ^ hash >> 29) & (slot_count - 1);
}

static bool same(const struct identity *one, const struct identity *other)
{
    return one->pc == other->pc && one->host == other->host && one->size == other->size &&
           one->crc == other->crc && one->instructions == other->instructions && one->flags == other->flags;
}

static uint32_t *find(const struct identity *block)
{
    size_t slot = slot_of(block);
    while (slots[slot] != 0 && !same(&known[slots[slot] - 1], block)) {
        slot = (slot + 1) & (slot_count - 1);
    }
    return &slots[slot];
}

/* Room for one more block. False: out of memory. */
static bool grow(void)
{
    uint32_t blocks = blocks_count();
    if (blocks == known_capacity) {
        size_t capacity = known_capacity == 0 ? FIRST_SLOTS / 2 : known_capacity * 2;
        struct identity *larger = realloc(known, capacity * sizeof *known);
        if (larger == NULL) {
            return false;
        }
        known = larger;
        known_capacity = capacity;
    }
    if (slot_count < 2 * ((size_t)blocks + 1)) {
        size_t larger_count = slot_count == 0 ? FIRST_SLOTS : slot_count * 2;
        uint32_t *larger = calloc(larger_count, sizeof *slots);
        if (larger == NULL) {
            return false;
        }
        free(slots);
        slots = larger;
        slot_count = larger_count;
        for (uint32_t number = 0; number < blocks; number++) {
            *find(&known[number]) = number + 1;
        }
    }
    return true;
}

/* Writes the record; its flags last, because they say that it is there. */
static bool write_record(const struct block_record *block, const uint8_t *lengths)
{
    size_t length = sizeof *block + (lengths != NULL ? (block->instructions + 1u) / 2 : 0);
    length = (length + 7) & ~(size_t)7;
    if (chunk.payload == NULL || used + length > chunk.capacity) {
        chunk_seal(&chunk, used);
        used = 0;
        if (!chunk_begin(&chunk, CHUNK_BLOCKS, NO_VCPU, CHUNK_CAPACITY)) {
            return false;
        }
    }
    uint8_t *to = chunk.payload + used;
    struct block_record record = *block;
    record.flags = 0;
    memcpy(to, &record, sizeof record);
    for (unsigned i = 0; lengths != NULL && i < block->instructions; i++) {
        to[sizeof record + i / 2] |= (uint8_t)(lengths[i] << 4 * (i % 2));
    }
    uint32_t flags = block->flags | BLOCK_WRITTEN | (lengths != NULL ? BLOCK_HAS_LENGTHS : 0);
    __atomic_store_n(&((struct block_record *)to)->flags, flags, __ATOMIC_RELEASE);
    used += length;
    return true;
}

bool blocks_number(const struct block_record *block, const void *host, const uint8_t *lengths, uint32_t *number)
{
    const uint16_t kinds = BLOCK_PHANTOM_DROPPED | BLOCK_SLOW;
    struct identity identity = {.pc = block->pc,
                                .host = (uintptr_t)host,
                                .size = block->size,
                                .crc = block->crc,
                                .instructions = block->instructions,
                                .flags = (uint16_t)block->flags & kinds};
    if (!grow()) {
        return false;
    }
    uint32_t *slot = find(&identity);
    if (*slot == 0) {
        uint32_t next = blocks_count();
        for (unsigned i = 0; lengths != NULL && i < block->instructions; i++) {
            if (lengths[i] > LONGEST_LENGTH) {
                lengths = NULL;
            }
        }
        if (next == MAX_BLOCKS || !write_record(block, lengths)) {
            return false;
        }
        known[next] = identity;
        *slot = next + 1;
        atomic_store_explicit(&count, next + 1, memory_order_release);
    }
    *number = *slot - 1;
    return true;
}

void blocks_finish(void)
{
    chunk_seal(&chunk, used);
}
