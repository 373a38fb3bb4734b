/* Chunks of the execution stream: when one ends, and what its head says. */
#include <string.h>

#include "blocks.h"
#include "stream.h"
#include "stream_state.h"

/* A chunk ends with its extent or after this many executions: readers decode whole chunks, and wait for the largest. */
enum { CHUNK_EXECUTIONS_LIMIT = 4 << 20 };
enum { SMALLEST_EXTENT = 1 << 16 };
static uint64_t start_ns;

void stream_chunks_init(void)
{
    start_ns = clock_nanoseconds(CLOCK_MONOTONIC);
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

void stream_chunk_end(struct stream *stream)
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
    stream->history = 0;
    head->start_ns = clock_nanoseconds(CLOCK_MONOTONIC) - start_ns;
    head->start_ticks = stream->record_ticks = clock_ticks();
    stream->attention &= ~(uint32_t)NO_CHUNK;
    if (stream->attention == 0) {
        clear_attention(stream);
    }
    return true;
}

bool stream_chunk_next(struct stream *stream)
{
    if (!(stream->attention & NO_CHUNK)) {
        stream_chunk_end(stream);
    }
    if (chunk_start(stream)) {
        return true;
    }
    stream_stop();
    return false;
}
