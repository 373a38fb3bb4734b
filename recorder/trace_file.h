/*
 * The .bst file as a growing sequence of chunks. A chunk's extent is mapped into memory while it is being filled, so that
 * what was written survives a SIGKILL of QEMU without a system call per record.
 */
#ifndef BOOTSCOPE_TRACE_FILE_H
#define BOOTSCOPE_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

/* A chunk that is being filled. `payload` is NULL while there is none. */
struct chunk {
    uint8_t *payload;
    size_t capacity;
    struct chunk_head *head;
    bool mapped; /* else it is kept on the heap until it is sealed */
    uint64_t offset; /* of the head in the file */
};

/* Creates the file. On failure prints why and returns false; an existing file is overwritten. */
bool trace_file_create(const char *path);

/* Adds a chunk with a zeroed payload of at least `capacity` bytes. False when the disk is full: recording has then stopped. */
bool chunk_begin(struct chunk *chunk, enum chunk_kind kind, unsigned vcpu, size_t capacity);

/* Lets go of the chunk, whose final head and checksum are written soon after. Does nothing when there is no chunk. */
void chunk_seal(struct chunk *chunk, size_t payload_length);

/* Adds a sealed chunk that holds this text. Small texts fit even on a full disk, once. */
void trace_file_add_text(enum chunk_kind kind, const char *text, size_t length);

/* Adds to the header's count of executions that a watcher shows as progress. */
void trace_file_count(uint64_t executions);

/* True since the disk was found full. */
bool trace_file_is_full(void);

/* Waits for chunks whose heads are still to be written, marks the recording as finished and closes the file. */
void trace_file_finish(void);

#endif
