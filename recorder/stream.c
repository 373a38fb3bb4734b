#define _GNU_SOURCE
#include "stream.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

#include "blocks.h"
#include "clock.h"
#include "trace_file.h"

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/*
 * A block as the hot path sees it, packed into one word so that nothing needs to be looked up:
 *   bit 0 set · bits 1-30 the block's number · bit 31 slow · bits 32-47 its history hash · bits 48-63 instructions.
 * The low half equals the predictor's entry {number, sure} exactly when the prediction is right, sure, and not slow.
 */
enum { SURE = 1 };
#define SLOW_BIT (1u << 31)
#define HISTORY_MULTIPLIER 0x9E3779B1u

enum { ENTRIES = 65536 };
/* Set in `index` when something is to be done first: there the table holds zeros, and no prediction is right. */
enum { ATTENTION = ENTRIES };
/* A chunk ends with its extent or after this many executions: readers decode whole chunks, and wait for the largest. */
enum { CHUNK_EXECUTIONS_LIMIT = 4 << 20 };
enum { LARGEST_EXTENT = 1 << 20, SMALLEST_EXTENT = 1 << 16 };
/* The longest record: hits, code and a switch number of 5 bytes, ticks of 10. An end record must fit behind it. */
enum { LONGEST_RECORD = 32 };
/* Predicted executions without a record, at most: bounds how far times are interpolated. */
enum { LONGEST_RUN = 4096 };
/* Records between two updates of the progress counter. */
enum { RECORDS_PER_COUNT = 512 };

/*
 * `pending` counts executions in its upper bits and instructions, 512 a block at most, in its lower ones; its sign says that
 * a run is too long. One word, so that another thread never sees the one without the other.
 */
enum { PENDING_SHIFT = 24 };
#define PENDING_ONE (UINT64_C(1) << PENDING_SHIFT)
#define PENDING_BIAS ((UINT64_C(1) << 63) - LONGEST_RUN * PENDING_ONE)

enum attention {
    AFTER_SLOW = 1 << 0, /* the last block was slow: the moment it ended goes into a record */
    NO_CHUNK = 1 << 1,   /* there is no chunk to write to */
    STOPPED = 1 << 2,    /* an execution was not recorded, so that none after it may be */
};

struct stream {
    /* The hot path's: one cache line and the table. */
    uint64_t pending;
    uint32_t index; /* the history, and ATTENTION */
    uint32_t last;  /* low half of the last block */

    uint32_t attention; /* enum attention */
    uint32_t records;
    uint8_t *cursor, *limit;
    uint64_t record_ticks; /* at the last record, rounded down as the records are */
    uint64_t executions, instructions; /* without the pending ones */
    uint64_t execution_limit;          /* where the chunk ends at the latest */
    uint64_t counted;                  /* executions already in the file's progress counter */
    uint32_t extent;                   /* of the next chunk */
    uint32_t last_switch;
    uint16_t vcpu;
    atomic_bool writing; /* its vCPU is inside `enter` and `leave` */
    struct chunk chunk;
    _Alignas(64) uint32_t table[2 * ENTRIES]; /* the upper half is never written to: it takes no memory */
};

/* The first vCPU's needs no look-up: most guests have no other. */
static struct stream first_stream;
static struct stream **streams;
static unsigned stream_count;
static atomic_bool stopped;
static uint64_t start_ns;

/* Zeroed memory that is taken when it is used: a machine may have hundreds of vCPUs that never run. NULL: none left. */
static struct stream *new_stream(void)
{
    void *memory = mmap(NULL, sizeof(struct stream), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Makes the next execution take the slow path. */
static void call_attention(struct stream *stream, enum attention attention)
{
    stream->attention |= attention;
    stream->index |= ATTENTION;
}

bool stream_init(unsigned count)
{
    start_ns = clock_nanoseconds(CLOCK_MONOTONIC);
    streams = calloc(count, sizeof *streams);
    if (streams == NULL) {
        return false;
    }
    for (unsigned vcpu = 0; vcpu < count; vcpu++) {
        struct stream *stream = vcpu == 0 ? &first_stream : new_stream();
        if (stream == NULL) {
            return false;
        }
        stream->vcpu = (uint16_t)vcpu;
        call_attention(stream, NO_CHUNK);
        stream->pending = PENDING_BIAS;
        stream->extent = LARGEST_EXTENT;
        stream->last_switch = NONE32;
        stream->last = NONE32;
        streams[vcpu] = stream;
    }
    stream_count = count;
#ifdef __linux__
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
#endif
    return true;
}

void *stream_block(uint32_t number, unsigned instructions, bool slow)
{
    uint64_t history_hash = (number * HISTORY_MULTIPLIER) >> 16;
    uint32_t low = number << 1 | SURE | (slow ? SLOW_BIT : 0);
    return (void *)(uintptr_t)((uint64_t)instructions << 48 | history_hash << 32 | low);
}

static inline uint32_t block_number(uint32_t low)
{
    return (low & ~SLOW_BIT) >> 1;
}

static inline uint32_t block_instructions(uint64_t block)
{
    return (uint32_t)(block >> 48);
}

/* Counts a predicted execution. */
static inline void count_hit(struct stream *stream, uint64_t block)
{
    stream->pending += PENDING_ONE + block_instructions(block);
}

/* Moves the predictor on; `index` is without ATTENTION afterwards. */
static inline void advance(struct stream *stream, uint64_t block)
{
    stream->index = (uint16_t)(stream->index << 1 ^ block >> 32);
    stream->last = (uint32_t)block;
    /* What comes next is compared with this entry, which may be in no near cache. */
    __builtin_prefetch(&stream->table[stream->index]);
}

static inline uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

/* Writes a record and takes the pending executions into it. `ticks` is now. */
static inline void put_record(struct stream *stream, uint32_t code, uint64_t ticks)
{
    uint64_t taken = stream->pending - PENDING_BIAS;
    uint64_t hits = taken >> PENDING_SHIFT;
    stream->executions += hits;
    stream->instructions += taken & (PENDING_ONE - 1);
    stream->pending = PENDING_BIAS;

    /* Clocks of two host CPUs may differ by a little: time never runs backwards in a record. */
    uint64_t passed = ticks > stream->record_ticks ? (ticks - stream->record_ticks) >> TICK_SHIFT : 0;
    stream->record_ticks += passed << TICK_SHIFT;
    stream->cursor = put_varint(put_varint(put_varint(stream->cursor, hits), code), passed);
}

/*
 * An extent twice as long as the last payload: tight loops fill little of a chunk, and what a chunk leaves empty stays in
 * the file when another vCPU's chunk is behind it.
 */
static uint32_t next_extent(size_t payload)
{
    size_t wanted = (2 * payload + 4095) & ~(size_t)4095;
    return (uint32_t)(wanted < SMALLEST_EXTENT ? SMALLEST_EXTENT : wanted > LARGEST_EXTENT ? LARGEST_EXTENT : wanted);
}

static void chunk_end(struct stream *stream)
{
    uint64_t ticks = clock_ticks();
    put_record(stream, CODE_END, ticks);
    struct executions_head *head = (struct executions_head *)stream->chunk.payload;
    head->executions = stream->executions - head->first_execution;
    head->instructions = stream->instructions - head->first_instruction;
    head->end_ticks = ticks;
    head->end_ns = clock_nanoseconds(CLOCK_MONOTONIC) - start_ns;
    head->blocks_known = blocks_count();
    trace_file_count(stream->executions - stream->counted);
    stream->counted = stream->executions;
    size_t payload = (size_t)(stream->cursor - stream->chunk.payload);
    stream->extent = next_extent(payload);
    chunk_seal(&stream->chunk, payload);
    call_attention(stream, NO_CHUNK);
}

static bool chunk_start(struct stream *stream)
{
    if (!chunk_begin(&stream->chunk, CHUNK_EXECUTIONS, stream->vcpu, stream->extent - sizeof(struct chunk_head))) {
        return false;
    }
    memset(stream->table, 0, ENTRIES * sizeof *stream->table);
    stream->cursor = stream->chunk.payload + sizeof(struct executions_head);
    stream->limit = stream->chunk.payload + stream->chunk.capacity - 2 * LONGEST_RECORD;
    stream->execution_limit = stream->executions + CHUNK_EXECUTIONS_LIMIT;
    struct executions_head *head = (struct executions_head *)stream->chunk.payload;
    head->first_execution = stream->executions;
    head->first_instruction = stream->instructions;
    head->last_switch = stream->last_switch;
    head->last_block = stream->last == NONE32 ? NONE32 : block_number(stream->last);
    head->start_ns = clock_nanoseconds(CLOCK_MONOTONIC) - start_ns;
    head->start_ticks = stream->record_ticks = clock_ticks();
    stream->attention &= ~(uint32_t)NO_CHUNK;
    stream->index = stream->attention == 0 ? 0 : ATTENTION;
    return true;
}

/* Makes sure that a record fits. False: there is nowhere to write to. */
static inline bool make_room(struct stream *stream)
{
    if (likely(!(stream->attention & NO_CHUNK) && stream->cursor < stream->limit &&
               stream->executions < stream->execution_limit)) {
        return true;
    }
    if (!(stream->attention & NO_CHUNK)) {
        chunk_end(stream);
    }
    if (chunk_start(stream)) {
        return true;
    }
    stream_stop();
    return false;
}

static inline void count_record(struct stream *stream)
{
    if (unlikely(++stream->records % RECORDS_PER_COUNT == 0)) {
        trace_file_count(stream->executions - stream->counted);
        stream->counted = stream->executions;
    }
}

/*
 * `writing` and `stopped` are a Dekker lock between a vCPU and `stream_finish`, whose side pays for both by a membarrier.
 * False: the recording is over.
 */
static inline bool enter(struct stream *stream)
{
    atomic_store_explicit(&stream->writing, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (likely(!atomic_load_explicit(&stopped, memory_order_relaxed))) {
        return true;
    }
    atomic_store_explicit(&stream->writing, false, memory_order_release);
    call_attention(stream, STOPPED);
    return false;
}

static inline void leave(struct stream *stream)
{
    atomic_store_explicit(&stream->writing, false, memory_order_release);
}

/* An execution that is not plainly the sure prediction: unsure, wrong, slow, or behind a slow one. */
static __attribute__((noinline)) void execute_slowly(struct stream *stream, uint64_t block)
{
    uint32_t low = (uint32_t)block, number = block_number(low);
    uint32_t *entry = &stream->table[(uint16_t)stream->index];
    if (likely((stream->attention | (low & SLOW_BIT)) == 0 && *entry >> 1 == number)) {
        *entry |= SURE;
        count_hit(stream, block);
        advance(stream, block);
        return;
    }
    if (!enter(stream)) {
        return;
    }
    if (!make_room(stream)) {
        leave(stream);
        return;
    }
    entry = &stream->table[(uint16_t)stream->index]; /* a new chunk has a new history */
    if (*entry >> 1 == number) {
        put_record(stream, CODE_TIME, clock_ticks());
        *entry |= SURE;
        count_hit(stream, block);
    } else {
        put_record(stream, CODE_BLOCK + number, clock_ticks());
        *entry = *entry & SURE ? *entry & ~(uint32_t)SURE : number << 1;
        stream->executions++;
        stream->instructions += block_instructions(block);
    }
    count_record(stream);
    advance(stream, block);
    stream->attention = 0;
    if (low & SLOW_BIT) {
        call_attention(stream, AFTER_SLOW);
    }
    leave(stream);
}

/* Too many executions since the last record. */
static __attribute__((noinline)) void mark_time(struct stream *stream)
{
    if (enter(stream)) {
        if (make_room(stream)) {
            put_record(stream, CODE_TIME, clock_ticks());
            count_record(stream);
        }
        leave(stream);
    }
}

static inline void execute(struct stream *stream, void *userdata)
{
    uint64_t block = (uintptr_t)userdata;
    if (likely(stream->table[stream->index] == (uint32_t)block)) {
        advance(stream, block);
        count_hit(stream, block);
        if (unlikely((int64_t)stream->pending < 0)) {
            mark_time(stream);
        }
        return;
    }
    execute_slowly(stream, block);
}

static void execute_first(unsigned vcpu __attribute__((unused)), void *block)
{
    execute(&first_stream, block);
}

static void execute_any(unsigned vcpu, void *block)
{
    execute(streams[vcpu], block);
}

stream_callback stream_execute(void)
{
    return stream_count == 1 ? execute_first : execute_any;
}

uint64_t stream_executions(unsigned vcpu)
{
    struct stream *stream = streams[vcpu];
    return stream->executions + ((stream->pending - PENDING_BIAS) >> PENDING_SHIFT);
}

void stream_switch(unsigned vcpu, uint32_t number)
{
    struct stream *stream = streams[vcpu];
    if (enter(stream)) {
        if (make_room(stream)) {
            put_record(stream, CODE_SWITCH, clock_ticks());
            stream->cursor = put_varint(stream->cursor, number);
            stream->last_switch = number;
        }
        leave(stream);
    }
}

/* After this, every vCPU sees `stopped` before it writes, or is seen `writing`. */
static void synchronise_vcpus(void)
{
#ifdef __linux__
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) {
        return;
    }
#endif
    usleep(10000); /* store buffers drain in far less */
}

void stream_stop(void)
{
    atomic_store(&stopped, true);
}

struct stream_totals stream_finish(void)
{
    struct stream_totals totals = {0, 0};
    stream_stop();
    synchronise_vcpus();
    for (unsigned vcpu = 0; vcpu < stream_count; vcpu++) {
        struct stream *stream = streams[vcpu];
        for (int wait = 0; wait < 1000 && atomic_load_explicit(&stream->writing, memory_order_acquire); wait++) {
            usleep(1000);
        }
        if (!(stream->attention & NO_CHUNK)) {
            chunk_end(stream);
        }
        totals.executions += stream->executions;
        totals.instructions += stream->instructions;
    }
    return totals;
}
