#define _GNU_SOURCE
#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "background.h"
#include "clock.h"
#include "crc32.h"
#include "file_window.h"

/* One page, so that the header can stay mapped for its live counters. */
enum { HEADER_LENGTH = 4096 };
/* Disk space kept in hand behind the last chunk, for the texts that say how the recording ended. */
enum { RESERVE = 64 * 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int file = -1;
static struct file_header *header; /* mapped, or on the heap where that is not possible */
static bool header_mapped;
static uint64_t end; /* where the next chunk begins */
static uint32_t sequence;
static atomic_bool full;

static bool write_at(const void *bytes, size_t length, uint64_t offset)
{
    const uint8_t *next = bytes;
    while (length > 0) {
        ssize_t written = pwrite(file, next, length, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        next += written;
        offset += (uint64_t)written;
        length -= (size_t)written;
    }
    return true;
}

/*
 * Takes disk space before anything is mapped: writing to a mapped hole on a full disk is a SIGBUS. File systems without
 * fallocate (NFS and others) get it through posix_fallocate, which writes zeros. Returns 0 or an errno.
 */
static int take_space(uint64_t offset, uint64_t length, uint64_t reserve)
{
#ifdef __linux__
    if (reserve > 0 && fallocate(file, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)(length + reserve)) != 0) {
        if (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS) {
            return errno;
        }
    }
#endif
    return posix_fallocate(file, (off_t)offset, (off_t)length);
}

bool trace_file_create(const char *path)
{
    file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int problem = file < 0 ? errno : take_space(0, HEADER_LENGTH, RESERVE);
    if (problem != 0) {
        fprintf(stderr, "bootscope: cannot write %s: %s\n", path, strerror(problem));
        return false;
    }
    header = mmap(NULL, HEADER_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    header_mapped = header != MAP_FAILED;
    if (!header_mapped) {
        header = calloc(1, HEADER_LENGTH);
        if (header == NULL) {
            fprintf(stderr, "bootscope: out of memory\n");
            return false;
        }
    }
    header->major = 1;
    header->header_length = HEADER_LENGTH;
    if (getrandom(header->trace_id, sizeof header->trace_id, GRND_NONBLOCK) < 0) {
        memset(header->trace_id, 0, sizeof header->trace_id);
    }
    header->created_unix_ns = clock_nanoseconds(CLOCK_REALTIME);
    header->state = STATE_RECORDING;
    header->live_file_bytes = end = HEADER_LENGTH;
    memcpy(header->magic, FILE_MAGIC, sizeof header->magic);
    if (!header_mapped && !write_at(header, HEADER_LENGTH, 0)) {
        fprintf(stderr, "bootscope: cannot write %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

/* Gives the chunk memory: its place in the file, or the heap. */
static bool chunk_place(struct chunk *chunk, size_t length)
{
    uint8_t *memory = file_window_at(file, chunk->offset, length);
    chunk->mapped = memory != NULL;
    chunk->head = chunk->mapped ? (struct chunk_head *)memory : calloc(1, length);
    return chunk->head != NULL;
}

static void give_up(int problem)
{
    if (!atomic_exchange(&full, true)) {
        fprintf(stderr, "bootscope: recording stopped: %s; the guest runs on\n", strerror(problem));
    }
}

static bool chunk_add(struct chunk *chunk, enum chunk_kind kind, unsigned vcpu, size_t capacity, uint64_t reserve)
{
    size_t extent = (capacity + 7) & ~(size_t)7;
    size_t length = sizeof(struct chunk_head) + extent;
    memset(chunk, 0, sizeof *chunk);

    pthread_mutex_lock(&lock);
    chunk->offset = end;
    int problem = file < 0 ? EBADF : take_space(end, length, reserve);
    if (problem == 0 && !chunk_place(chunk, length)) {
        problem = ENOMEM;
    }
    if (problem != 0) {
        pthread_mutex_unlock(&lock);
        memset(chunk, 0, sizeof *chunk);
        give_up(problem);
        return false;
    }
    chunk->payload = (uint8_t *)(chunk->head + 1);
    chunk->capacity = extent;
    struct chunk_head head = {.magic = CHUNK_MAGIC,
                              .kind = (uint16_t)kind,
                              .vcpu = (uint16_t)vcpu,
                              .sequence = sequence++,
                              .extent_length = (uint32_t)extent};
    head.head_crc = crc32_of(&head, offsetof(struct chunk_head, head_crc));
    *chunk->head = head;
    if (!chunk->mapped) {
        write_at(&head, sizeof head, chunk->offset);
    }
    end += length;
    header->live_file_bytes = end;
    if (reserve > 0 && chunk->mapped) {
        file_window_prepare(file, end, length); /* another chunk like this one */
    }
    pthread_mutex_unlock(&lock);
    return true;
}

bool chunk_begin(struct chunk *chunk, enum chunk_kind kind, unsigned vcpu, size_t capacity)
{
    return !trace_file_is_full() && chunk_add(chunk, kind, vcpu, capacity, RESERVE);
}

/* The file's last chunk gives back what it does not use; it has never been written to. */
static void give_back(const struct chunk *chunk, size_t payload_length)
{
    struct chunk_head *head = chunk->head;
    pthread_mutex_lock(&lock);
    if (end == chunk->offset + sizeof *head + head->extent_length) {
        head->extent_length = (uint32_t)((payload_length + 7) & ~(size_t)7);
        head->head_crc = crc32_of(head, offsetof(struct chunk_head, head_crc));
        header->live_file_bytes = end = chunk->offset + sizeof *head + head->extent_length;
        if (!chunk->mapped) {
            write_at(head, sizeof *head, chunk->offset);
        }
    }
    pthread_mutex_unlock(&lock);
}

/* A chunk that nobody writes to any more. */
struct filled_chunk {
    struct chunk chunk;
    size_t payload_length;
};

static void write_final_head(const struct filled_chunk *filled)
{
    const struct chunk *chunk = &filled->chunk;
    struct chunk_head *head = chunk->head;
    head->payload_crc = crc32_of(chunk->payload, filled->payload_length);
    head->payload_length = (uint32_t)filled->payload_length;
    head->flags = CHUNK_SEALED;
    head->head_crc = crc32_of(head, offsetof(struct chunk_head, head_crc));
    if (chunk->mapped) {
        file_window_forget((uint8_t *)head, sizeof *head + filled->payload_length);
    } else {
        if (!write_at(head, sizeof *head + filled->payload_length, chunk->offset)) {
            give_up(errno);
        }
        free(head);
    }
}

static void seal(void *filled)
{
    write_final_head(filled);
    free(filled);
}

void chunk_seal(struct chunk *chunk, size_t payload_length)
{
    if (chunk->payload == NULL) {
        return;
    }
    give_back(chunk, payload_length);
    struct filled_chunk filled = {*chunk, payload_length}, *later = malloc(sizeof *later);
    if (later != NULL) {
        *later = filled;
        background_do(seal, later);
    } else {
        write_final_head(&filled);
    }
    memset(chunk, 0, sizeof *chunk);
}

void trace_file_add_text(enum chunk_kind kind, const char *text, size_t length)
{
    struct chunk chunk;
    if (chunk_add(&chunk, kind, NO_VCPU, length, 0)) {
        memcpy(chunk.payload, text, length);
        chunk_seal(&chunk, length);
    }
}

void trace_file_count(uint64_t executions)
{
    __atomic_fetch_add(&header->live_executions, executions, __ATOMIC_RELAXED);
}

bool trace_file_is_full(void)
{
    return atomic_load_explicit(&full, memory_order_relaxed);
}

void trace_file_finish(void)
{
    background_finish();
    pthread_mutex_lock(&lock);
    header->state = STATE_FINISHED;
    if (!header_mapped) {
        write_at(header, sizeof *header, 0);
    }
    /* Frees the reserve. Chunks that some vCPU still holds stay mapped; QEMU is about to exit. */
    if (ftruncate(file, (off_t)end) != 0) {
        fprintf(stderr, "bootscope: cannot trim the trace: %s\n", strerror(errno));
    }
    close(file);
    file = -1;
    pthread_mutex_unlock(&lock);
}
