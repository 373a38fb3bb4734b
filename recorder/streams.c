/* The streams of all vCPUs: how they begin, and how they end while vCPUs may still run. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

#include "stream.h"
#include "stream_state.h"

uint32_t no_predictions[ENTRIES];
struct stream **streams;
unsigned stream_count;
atomic_bool streams_stopped;

/* Zeroed memory that is taken when it is used: a machine may have hundreds of vCPUs that never run. NULL: none left. */
static struct stream *new_stream(void)
{
    void *memory = mmap(NULL, sizeof(struct stream), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

bool stream_init(unsigned count)
{
    stream_chunks_init();
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

/* After this, every vCPU sees `streams_stopped` before it writes, or is seen `writing`. */
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
    atomic_store(&streams_stopped, true);
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
            stream_chunk_end(stream);
        }
        totals.executions += stream->executions;
        totals.instructions += stream->instructions;
    }
    return totals;
}
