/* What happens for every block that the guest executes: the predictor, and a record where it is wrong. */
#include "stream.h"

#include "stream_state.h"

#define HISTORY_MULTIPLIER 0x9E3779B1u

/* Records between two updates of the progress counter. */
enum { RECORDS_PER_COUNT = 512 };

/* The first vCPU's stream needs no look-up: most guests have no other. */
struct stream first_stream;

void *stream_block(uint32_t number, unsigned instructions, bool slow)
{
    uint64_t history_hash = (number * HISTORY_MULTIPLIER) >> 16;
    uint32_t low = number << 1 | SURE | (slow ? SLOW_BIT : 0);
    return (void *)(uintptr_t)((uint64_t)instructions << 48 | history_hash << 32 | low);
}

static inline uint32_t block_instructions(uint64_t block)
{
    return (uint32_t)(block >> 48);
}

/* Counts a predicted execution. True: the run is now too long. */
static inline bool count_hit(struct stream *stream, uint64_t block)
{
    stream->pending += PENDING_ONE + block_instructions(block);
    return (int64_t)stream->pending < 0;
}

/* Moves the predictor on. */
static inline void advance(struct stream *stream, uint64_t block)
{
    stream->history = stream->history << 1 ^ (uint32_t)(block >> 32);
    stream->last = (uint32_t)block;
    /* What comes next is compared with this entry, which may be in no near cache. */
    __builtin_prefetch(&stream->predictions[stream_history(stream)]);
}

static inline void count_record(struct stream *stream)
{
    if (unlikely(++stream->records % RECORDS_PER_COUNT == 0)) {
        trace_file_count(stream->executions - stream->counted);
        stream->counted = stream->executions;
    }
}

/* An execution that was mispredicted, is slow, or follows a slow one: it gets a record. */
static __attribute__((noinline)) void execute_with_record(struct stream *stream, uint64_t block)
{
    uint32_t low = (uint32_t)block, number = block_number(low);
    if (!enter(stream)) {
        return;
    }
    if (!make_room(stream)) {
        leave(stream);
        return;
    }
    uint32_t *entry = &stream->table[stream_history(stream)];
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
    clear_attention(stream);
    advance(stream, block);
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

/* An execution that is not plainly the sure prediction. Often it is the prediction, not sure yet. */
static __attribute__((noinline)) void execute_slowly(struct stream *stream, uint64_t block)
{
    uint32_t *entry = &stream->table[stream_history(stream)];
    if (likely(stream->attention == 0 && (*entry | SURE) == (uint32_t)block)) {
        *entry |= SURE;
        advance(stream, block);
        if (likely(!count_hit(stream, block))) {
            return;
        }
        mark_time(stream);
        return;
    }
    execute_with_record(stream, block);
}

static inline void execute(struct stream *stream, void *userdata)
{
    uint64_t block = (uintptr_t)userdata;
    if (likely(stream->predictions[stream_history(stream)] == (uint32_t)block)) {
        advance(stream, block);
        if (unlikely(count_hit(stream, block))) {
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
