#define _GNU_SOURCE
#include "file_window.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "background.h"

/* Addresses for so much of the file are taken at once. */
enum { WINDOW_LENGTH = sizeof(void *) > 4 ? 1 << 30 : 1 << 27 };

/* The current window. Those before it stay: they take addresses, but no memory. */
static uint8_t *window;
static uint64_t window_start; /* offset in the file */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Clears pages: one system call instead of a page fault each. Kernels before 5.14 refuse, and fault. */
static void populate(uint8_t *memory, size_t length)
{
#ifdef MADV_POPULATE_WRITE
    size_t before = (uintptr_t)memory % page_size();
    madvise(memory - before, before + length, MADV_POPULATE_WRITE);
#endif
}

static bool in_window(uint64_t offset, size_t length)
{
    return window != NULL && offset >= window_start && offset + length <= window_start + WINDOW_LENGTH;
}

uint8_t *file_window_at(int file, uint64_t offset, size_t length)
{
    if (!in_window(offset, length)) {
        uint64_t start = offset - offset % page_size();
        void *memory = mmap(NULL, WINDOW_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)start);
        if (memory == MAP_FAILED) {
            return NULL;
        }
        window = memory;
        window_start = start;
    }
    uint8_t *memory = window + (offset - window_start);
    populate(memory, length);
    return memory;
}

struct stretch {
    int file;
    uint64_t offset;
    size_t length;
    uint8_t *memory;
};

/* Not `posix_fallocate`: where that writes zeros, a vCPU may already have written something else. */
static void prepare(void *argument)
{
    struct stretch *stretch = argument;
#ifdef __linux__
    if (fallocate(stretch->file, 0, (off_t)stretch->offset, (off_t)stretch->length) == 0) {
        populate(stretch->memory, stretch->length);
    }
#endif
    free(stretch);
}

void file_window_prepare(int file, uint64_t offset, size_t length)
{
    struct stretch *stretch = in_window(offset, length) ? malloc(sizeof *stretch) : NULL;
    if (stretch != NULL) {
        *stretch = (struct stretch){file, offset, length, window + (offset - window_start)};
        background_do(prepare, stretch);
    }
}

void file_window_forget(uint8_t *memory, size_t length)
{
    uint8_t *start = memory - (uintptr_t)memory % page_size();
    madvise(start, (size_t)(memory + length - start) & ~(page_size() - 1), MADV_DONTNEED);
}
