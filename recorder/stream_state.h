/* What the parts of the execution stream share: the state of one vCPU's stream, and how a record is written. */
#ifndef BOOTSCOPE_STREAM_STATE_H
#define BOOTSCOPE_STREAM_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "format.h"
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

enum { ENTRIES = 65536 };
/* The longest record: hits, code and a switch number of 5 bytes, ticks of 10. An end record must fit behind it. */
enum { LONGEST_RECORD = 32 };
/* Predicted executions without a record, at most: bounds how far times are interpolated. */
enum { LONGEST_RUN = 4096 };
/* Of a chunk, and of every stream's first one. */
enum { LARGEST_EXTENT = 1 << 20 };

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
    /*
     * The hot path's: one cache line and the table. What bounds it is the way from one `history` to the next, so nothing is
     * done to it but what the next look-up needs.
     */
    uint64_t pending;
    uint32_t history;            /* its lower half: a hash of the last 16 blocks. The upper half means nothing. */
    uint32_t attention;          /* enum attention */
    const uint32_t *predictions; /* `table`, or while something is to be done first, one in which no prediction is right */
    uint32_t last; /* low half of the last block. Not beside `history`: one store of both would be waited for. */
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
    _Alignas(64) uint32_t table[ENTRIES];
};

extern struct stream first_stream;
/* For `predictions`: never written to, so that it is no sure prediction and takes no memory. */
extern uint32_t no_predictions[ENTRIES];
/* By vCPU. */
extern struct stream **streams;
extern unsigned stream_count;
/* The recording is over. */
extern atomic_bool streams_stopped;

/* stream_chunk.c */

/* Nanoseconds of chunk heads count from now on. */
void stream_chunks_init(void);

/* Ends the chunk. The stream must have one. */
void stream_chunk_end(struct stream *stream);

/* Ends the chunk, if there is one, and begins another. False: there is nowhere to write to, and no stream goes on. */
bool stream_chunk_next(struct stream *stream);

/* Makes the next execution take the slow path. */
static inline void call_attention(struct stream *stream, enum attention attention)
{
    stream->attention |= attention;
    stream->predictions = no_predictions;
}

static inline void clear_attention(struct stream *stream)
{
    stream->attention = 0;
    stream->predictions = stream->table;
}

static inline uint32_t stream_history(const struct stream *stream)
{
    return (uint16_t)stream->history;
}

static inline uint32_t block_number(uint32_t low)
{
    return (low & ~SLOW_BIT) >> 1;
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

/* Makes sure that a record fits. False: there is nowhere to write to. */
static inline bool make_room(struct stream *stream)
{
    if (likely(!(stream->attention & NO_CHUNK) && stream->cursor < stream->limit &&
               stream->executions < stream->execution_limit)) {
        return true;
    }
    return stream_chunk_next(stream);
}

/*
 * `writing` and `streams_stopped` are a Dekker lock between a vCPU and `stream_finish`, whose side pays for both by a membarrier.
 * False: the recording is over.
 */
static inline bool enter(struct stream *stream)
{
    atomic_store_explicit(&stream->writing, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (likely(!atomic_load_explicit(&streams_stopped, memory_order_relaxed))) {
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

#endif
